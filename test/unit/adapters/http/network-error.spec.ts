import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { isNetworkError } from '../../../../lib/adapters/http/index.js';

interface ByCode {
  readonly code: string | null;
  readonly get: { readonly isNetworkError: boolean };
}

const file = new URL('../../../support/golden/axios-retry.json', import.meta.url);
const { byCode } = JSON.parse(readFileSync(file, 'utf8')) as { byCode: readonly ByCode[] };
/** Codes of axios itself that axios-retry takes for the network's: there was an answer, or a loop of them. */
const NOT_OURS = ['ERR_BAD_RESPONSE', 'ERR_FR_TOO_MANY_REDIRECTS'];
const coded = (code: string | null, more: object = {}) => Object.assign(new Error('x'), { code, ...more });

describe('isNetworkError', () => {
  it.each(byCode)('says of $code what axios-retry says', ({ code, get }) => {
    const expected = get.isNetworkError && !NOT_OURS.includes(code ?? '');

    expect(isNetworkError(coded(code, { config: { method: 'get' } }))).toBe(expected);
  });

  it.each(['ECONNREFUSED', 'UND_ERR_SOCKET', 'EAI_AGAIN'])(
    'finds %s in what caused `fetch failed`',
    (code) => {
      expect(isNetworkError(new TypeError('fetch failed', { cause: coded(code) }))).toBe(true);
      expect(isNetworkError(new AggregateError([coded(code)]))).toBe(true);
    },
  );

  it.each([
    coded('ECONNABORTED'),
    coded('UND_ERR_HEADERS_TIMEOUT'),
    coded('ECONNRESET', { response: { status: 503 } }),
    new DOMException('left', 'AbortError'),
    new TypeError('a bug'),
    new Error('x', { cause: coded('ENOTFOUND') }),
    undefined,
    'ECONNRESET',
  ])('does not take %s for one', (error) => {
    expect(isNetworkError(error)).toBe(false);
  });
});
