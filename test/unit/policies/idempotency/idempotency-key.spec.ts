import { describe, expect, it } from '@jest/globals';
import { readGivenKey, readKeyHeader, storedKeyOf } from '../../../../lib/policies/idempotency/index.js';

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
  const parts = { namespace: 'n', operation: 'o', scope: 's', key: 'k' };

  it('is 64 hexadecimal digits, and the same for the same parts', () => {
    expect(storedKeyOf(parts)).toMatch(/^[0-9a-f]{64}$/);
    expect(storedKeyOf({ ...parts })).toBe(storedKeyOf(parts));
  });

  it('differs wherever the parts do, whatever characters they hold', () => {
    const names = [
      parts,
      { ...parts, scope: undefined },
      { ...parts, scope: '' },
      { ...parts, scope: '-' },
      { ...parts, scope: 's1:k', key: '' },
      { ...parts, scope: '\ud800' },
      { ...parts, scope: '\ud801' },
      { ...parts, operation: 'os', scope: '' },
    ].map(storedKeyOf);

    expect(new Set(names).size).toBe(names.length);
  });
});
