import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { KeyNames, readGivenKey, readKeyHeader } from '../../../../lib/policies/idempotency/index.js';

const key = (text: string) => ({ kind: 'key', key: text });

describe('the Idempotency-Key header', () => {
  it.each([
    ['abc', 'abc'],
    ['"abc"', 'abc'],
    [' \t"a\\"b\\\\c";p=1;q="x,y" ', 'a"b\\c'],
    ['a b', 'a b'],
    ['x'.repeat(255), 'x'.repeat(255)],
    [`"${'x'.repeat(255)}"`, 'x'.repeat(255)],
  ])('reads %j', (header, expected) => {
    expect(readKeyHeader(header)).toEqual(key(expected));
  });

  it.each([
    '',
    '  ',
    '""',
    'x'.repeat(256),
    'a\tb',
    'é',
    'a, b',
    '"a", "b"',
    '"a";p=1, "b"',
    '"a',
    '"a\\x"',
    '"a"b',
    ['a', 'b'],
  ])('ID-28: refuses %j', (header) => {
    expect(readKeyHeader(header)).toMatchObject({ kind: 'invalid' });
  });

  it('takes no longer for blanks within than for other characters', () => {
    const startedMs = performance.now();

    expect(readKeyHeader(`a${' '.repeat(300_000)}b`)).toMatchObject({ kind: 'invalid' });

    // In a time that grows with the square of their number it would be minutes.
    expect(performance.now() - startedMs).toBeLessThan(5_000);
  });

  it('is missing where there is none', () => {
    expect(readKeyHeader(undefined)).toEqual({ kind: 'missing' });
  });
});

describe('the key of a function', () => {
  it('is any well-formed text up to 255 characters', () => {
    expect(readGivenKey('zażółć, 😀')).toEqual(key('zażółć, 😀'));
    expect(readGivenKey('😀'.repeat(255))).toMatchObject({ kind: 'key' });
    expect(readGivenKey(undefined)).toEqual({ kind: 'missing' });
    for (const wrong of ['', '\ud800', 'x'.repeat(256), 7, null]) {
      expect(readGivenKey(wrong)).toMatchObject({ kind: 'invalid' });
    }
  });
});

describe('the stored key', () => {
  const names = new KeyNames('n');
  const parts = { operation: 'o', scope: 's', key: 'k' };

  it('is 64 hexadecimal digits, and the same for the same parts', () => {
    expect(names.of(parts)).toMatch(/^[0-9a-f]{64}$/);
    expect(names.of({ ...parts })).toBe(new KeyNames('n').of(parts));
  });

  it('is what every earlier version has stored: the digest of all parts, each after its length', () => {
    const digest = (text: string): string => createHash('sha256').update(text, 'utf16le').digest('hex');
    const long = 'x'.repeat(4_000);

    expect(names.of(parts)).toBe(digest('1|1:n1:o1:s1:k'));
    expect(names.of({ operation: long, key: '\ud800' })).toBe(digest(`1|1:n4000:${long}-1:\ud800`));
    expect(names.of({ operation: 'o', key: 'longer' })).toBe(digest('1|1:n1:o-6:longer'));
    expect(names.of(parts)).toBe(digest('1|1:n1:o1:s1:k'));
  });

  it('differs wherever the parts do, whatever characters they hold', () => {
    const all = [
      parts,
      { ...parts, scope: undefined },
      { ...parts, scope: '' },
      { ...parts, scope: '-' },
      { ...parts, scope: 's1:k', key: '' },
      { ...parts, scope: '\ud800' },
      { ...parts, scope: '\ud801' },
      { ...parts, operation: 'os', scope: '' },
    ].map((each) => names.of(each));

    expect(new Set([...all, new KeyNames('').of(parts)]).size).toBe(all.length + 1);
  });
});
