import { brotliCompressSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { accepts, codingsOf, decoded } from '../../../../lib/nest/http/idempotent/content-coding.js';

describe('content codings of stored answers', () => {
  it.each<[unknown, readonly string[]]>([
    [undefined, []],
    ['identity', []],
    ['gzip', ['gzip']],
    ['GZIP , br', ['gzip', 'br']],
    [
      ['gzip', 'br'],
      ['gzip', 'br'],
    ],
  ])('reads %p', (header, codings) => {
    expect(codingsOf(header)).toEqual(codings);
  });

  it.each<[string | undefined, readonly string[], boolean]>([
    ['gzip, br', ['gzip'], true],
    ['br', ['gzip'], false],
    ['*', ['gzip'], true],
    ['*, gzip;q=0', ['gzip'], false],
    ['gzip; Q=0.5', ['gzip'], true],
    [undefined, ['gzip'], false],
    ['', [], true],
    ['gzip', ['gzip', 'br'], false],
  ])('a client that sent %p can read %p: %p', (header, codings, answer) => {
    expect(accepts(header, codings)).toBe(answer);
  });

  it('takes codings off in the order opposite to that of putting them on', async () => {
    const twice = brotliCompressSync(gzipSync('text'));

    const plain = await decoded(twice, ['gzip', 'br']);

    expect(Buffer.from(plain ?? []).toString()).toBe('text');
    expect(await decoded(twice, ['gzip', 'unheard-of'])).toBeUndefined();
  });
});
