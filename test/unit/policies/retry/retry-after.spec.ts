import { describe, expect, it } from '@jest/globals';
import { parseRetryAfter, requestedDelayMs } from '../../../../lib/policies/retry/retry-after.js';

const NOON = Date.UTC(2026, 10, 22, 12);
const withHeaders = (headers: unknown): unknown => ({ response: { headers } });

/** As axios has it: fields and a `get` that knows any letter case. */
class AxiosLikeHeaders {
  readonly 'Retry-After' = '7';

  get(name: string): string | undefined {
    return name.toLowerCase() === 'retry-after' ? this['Retry-After'] : undefined;
  }
}

describe('requestedDelayMs', () => {
  it.each([
    ['fetch Headers', new Headers({ 'retry-after': '7' })],
    ['axios headers', new AxiosLikeHeaders()],
    ['lower case', { 'retry-after': '7' }],
    ['upper case', { 'RETRY-AFTER': '7' }],
    ['the first value of an array', { 'Retry-After': ['7', '9'] }],
    ['a number', { 'Retry-After': 7 }],
  ])('reads %s', (_what, headers) => {
    expect(requestedDelayMs(withHeaders(headers), NOON)).toBe(7000);
    expect(requestedDelayMs({ headers }, NOON)).toBe(7000);
  });

  it.each([
    undefined,
    null,
    'text',
    {},
    { response: {} },
    withHeaders(null),
    withHeaders({ 'retry-after': [] }),
  ])('finds no request in %j', (error) => {
    expect(requestedDelayMs(error, NOON)).toBeUndefined();
  });

  it('finds no request in a joined pair of values', () => {
    const headers = new Headers([
      ['retry-after', '1'],
      ['retry-after', '2'],
    ]);

    expect(requestedDelayMs(withHeaders(headers), NOON)).toBeUndefined();
  });

  it('reads the request of an error of this package only', () => {
    expect(requestedDelayMs({ code: 'RESILIENCE_CIRCUIT_BREAKER_OPEN', retryAfterMs: 800 }, NOON)).toBe(800);
    expect(requestedDelayMs({ code: 'OTHER', retryAfterMs: 800 }, NOON)).toBeUndefined();
    expect(requestedDelayMs({ code: 'RESILIENCE_X', retryAfterMs: Number.NaN }, NOON)).toBeUndefined();
  });
});

describe('parseRetryAfter', () => {
  it.each(['America/New_York', 'Asia/Tokyo'])('RT-37: reads the asctime form as GMT in %s', (zone) => {
    const before = process.env['TZ'];
    process.env['TZ'] = zone;

    const waitMs = parseRetryAfter('Sun Nov 22 12:00:10 2026', NOON);

    if (before === undefined) delete process.env['TZ'];
    else process.env['TZ'] = before;
    expect(waitMs).toBe(10_000);
  });

  it.each([
    ['Sun, 22 Nov 2026 12:00:60 GMT', 60_000],
    ['Mon, 22 Nov 2026 12:00:10 GMT', 10_000],
    ['Sun Nov  1 12:00:10 2026', 0],
    ['Tue Dec  1 12:00:00 2026', 9 * 86_400_000],
    ['Tuesday, 01-Dec-26 12:00:00 GMT', 9 * 86_400_000],
    ['Sunday, 22-Nov-77 12:00:10 GMT', 0],
    ['007', 7000],
  ])('reads %s', (header, waitMs) => {
    expect(parseRetryAfter(header, NOON)).toBe(waitMs);
  });

  it('takes a year of two digits that is fifty years ahead for the future', () => {
    expect(parseRetryAfter('Sunday, 22-Nov-76 12:00:10 GMT', NOON)).toBe(
      Date.UTC(2076, 10, 22, 12, 0, 10) - NOON,
    );
  });

  it.each([
    'Sun, 31 Nov 2026 12:00:10 GMT',
    'Sun, 29 Feb 2026 12:00:10 GMT',
    'Sun, 29 Feb 2100 12:00:10 GMT',
    'Sun, 00 Nov 2026 12:00:10 GMT',
    'Sun, 22 Nov 2026 24:00:00 GMT',
    'Sun, 22 Nov 2026 12:60:00 GMT',
    'Sun, 22 Nov 2026 12:00:61 GMT',
    'Sun, 22 Nov 2026 12:00:10 UTC',
    'Sun, 22 Nov 2026 12:00:10',
    'Sun,  22 Nov 2026 12:00:10 GMT',
    'Sun, 2 Nov 2026 12:00:10 GMT',
    'Sun Nov 1 12:00:10 2026',
    'Sun Nov 22 12:00:10 2026 GMT',
    '٣',
    '5\n',
  ])('does not read %j', (header) => {
    expect(parseRetryAfter(header, NOON)).toBeUndefined();
  });

  it.each([
    [1900, 1, 1],
    [1970, 0, 1],
    [2000, 1, 29],
    [2024, 1, 29],
    [2026, 11, 31],
    [2400, 1, 29],
  ])('agrees with the calendar of the platform on %d-%d-%d', (year, month, day) => {
    const date = new Date(Date.UTC(year, month, day, 3, 4, 5));

    expect(parseRetryAfter(date.toUTCString(), -1e15)).toBe(date.getTime() + 1e15);
  });
});
