import type { RetryOptions } from '../../lib/policies/retry/index.js';
import { type Behaviour, FAILS, caseOptions, httpError, outcomes } from './retry-world.js';

/** A case of the specification that a pipeline runs as well as a bare rule. */
export interface RetryCase {
  readonly name: string;
  readonly options: RetryOptions;
  readonly behaviour: Behaviour;
  /** What the random source gives. */
  readonly random?: number;
  /** When the executions begin, in milliseconds. */
  readonly runsAt: readonly number[];
  /** How the retrying ends: with a recovery, or with a reason; `undefined` where it never began. */
  readonly end?: string;
  /** When the call ends; the last execution where it is not stated. */
  readonly endsAt?: number;
}

function withRetryAfter(status: number, value: string, ...then: (number | string)[]): Behaviour {
  return outcomes(httpError(status, { 'Retry-After': value }), ...then);
}

const exponential = (initialDelay: number) => ({ type: 'exponential', initialDelay }) as const;
const fixed = (initialDelay: number) => ({ type: 'fixed', initialDelay }) as const;
const answers = (...list: number[]) => {
  let asked = 0;
  return (): number => list[asked++] ?? 0;
};

/** Cases about attempts and delays. */
export const DELAY_CASES: readonly RetryCase[] = [
  {
    name: 'RT-01: runs six times at once and gives up as exhausted',
    options: caseOptions({ maxAttempts: 6, backoff: fixed(0) }),
    behaviour: FAILS,
    runsAt: [0, 0, 0, 0, 0, 0],
    end: 'exhausted',
  },
  {
    name: 'RT-02: does nothing about a success',
    options: {},
    behaviour: outcomes('ok'),
    runsAt: [0],
  },
  {
    name: 'RT-03: waits the fixed delay before the second attempt',
    options: caseOptions({ backoff: fixed(500) }),
    behaviour: outcomes(503, 'ok'),
    runsAt: [0, 500],
    end: 'recovered',
  },
  {
    name: 'RT-05: gives up after one attempt where one is allowed',
    options: caseOptions({ maxAttempts: 1 }),
    behaviour: FAILS,
    runsAt: [0],
    end: 'exhausted',
  },
  {
    name: 'RT-11: no wait follows the fifth failure',
    options: caseOptions({ maxAttempts: 5, backoff: exponential(1000) }),
    behaviour: FAILS,
    runsAt: [0, 1000, 3000, 7000, 15000],
    end: 'exhausted',
  },
  {
    name: 'RT-12: keeps a fixed distance',
    options: caseOptions({ maxAttempts: 4, backoff: fixed(250) }),
    behaviour: FAILS,
    runsAt: [0, 250, 500, 750],
    end: 'exhausted',
  },
  {
    name: 'RT-13: grows linearly up to the cap',
    options: caseOptions({ maxAttempts: 5, backoff: { type: 'linear', initialDelay: 100, maxDelay: 250 } }),
    behaviour: FAILS,
    runsAt: [0, 100, 300, 550, 800],
    end: 'exhausted',
  },
  {
    name: 'RT-14: has full jitter by default',
    options: { budget: false },
    behaviour: FAILS,
    random: 0.5,
    runsAt: [0, 50, 150],
    end: 'exhausted',
  },
  {
    name: 'RT-15: multiplies by the multiplier up to the cap',
    options: caseOptions({ maxAttempts: 6, backoff: { ...exponential(100), multiplier: 3, maxDelay: 1000 } }),
    behaviour: FAILS,
    runsAt: [0, 100, 400, 1300, 2300, 3300],
    end: 'exhausted',
  },
  {
    name: 'RT-21: decorrelated delays go by the previous one',
    options: caseOptions({
      maxAttempts: 4,
      backoff: { type: 'decorrelated', initialDelay: 100, maxDelay: '10s' },
    }),
    behaviour: FAILS,
    random: 0.5,
    runsAt: [0, 200, 550, 1125],
    end: 'exhausted',
  },
  {
    name: 'RT-24: takes the answer of a function as it is',
    options: caseOptions({ backoff: { type: answers(40, 70), maxDelay: 50, jitter: 'full' } }),
    behaviour: FAILS,
    random: 0.1,
    runsAt: [0, 40, 110],
    end: 'exhausted',
  },
  {
    name: 'RT-26: waits longer than a timer of Node can',
    options: caseOptions({ backoff: { ...fixed(3_000_000_000), maxDelay: 3_000_000_000 } }),
    behaviour: outcomes(503, 'ok'),
    runsAt: [0, 3_000_000_000],
    end: 'recovered',
  },
  {
    name: 'RT-27: starts anew without a delay',
    options: caseOptions({ backoff: fixed(0) }),
    behaviour: outcomes(503, 503, 'ok'),
    runsAt: [0, 0, 0],
    end: 'recovered',
  },
];

/** Cases about what the server asked for. */
export const RETRY_AFTER_CASES: readonly RetryCase[] = [
  {
    name: 'RT-28: waits as long as the server asked',
    options: caseOptions({ backoff: exponential(100) }),
    behaviour: withRetryAfter(503, '2', 'ok'),
    runsAt: [0, 2000],
    end: 'recovered',
  },
  {
    name: 'RT-29: adds the jitter to what the server asked',
    options: caseOptions({ backoff: { ...exponential(100), jitter: 'full' } }),
    behaviour: withRetryAfter(429, '2', 'ok'),
    random: 0.5,
    runsAt: [0, 2050],
    end: 'recovered',
  },
  {
    name: 'RT-30: keeps its own delay where that is longer',
    options: caseOptions({ backoff: fixed(5000) }),
    behaviour: withRetryAfter(503, '2', 'ok'),
    runsAt: [0, 5000],
    end: 'recovered',
  },
  {
    name: 'RT-31: waits for a long request where that is allowed',
    options: caseOptions({ maxRetryAfter: '180s' }),
    behaviour: withRetryAfter(503, '120', 'ok'),
    runsAt: [0, 120_000],
    end: 'recovered',
  },
  {
    name: 'RT-31: gives up at once where the server asks for more than is allowed',
    options: caseOptions(),
    behaviour: withRetryAfter(503, '120', 'ok'),
    runsAt: [0],
    end: 'retry-after',
  },
  {
    name: 'RT-31: waits for a request that is exactly as long as is allowed',
    options: caseOptions(),
    behaviour: withRetryAfter(503, '60', 'ok'),
    runsAt: [0, 60_000],
    end: 'recovered',
  },
  {
    name: 'RT-32: ignores requests where told so',
    options: caseOptions({ respectRetryAfter: false, backoff: fixed(100) }),
    behaviour: withRetryAfter(503, '120', 'ok'),
    runsAt: [0, 100],
    end: 'recovered',
  },
  {
    name: 'RT-33: waits until an HTTP date',
    options: caseOptions({ backoff: fixed(100) }),
    behaviour: withRetryAfter(503, 'Sun, 22 Nov 2026 12:00:10 GMT', 'ok'),
    runsAt: [0, 10_000],
    end: 'recovered',
  },
  {
    name: 'RT-33: takes a date of yesterday for now',
    options: caseOptions({ backoff: fixed(100) }),
    behaviour: withRetryAfter(503, 'Sat, 21 Nov 2026 12:00:10 GMT', 'ok'),
    runsAt: [0, 100],
    end: 'recovered',
  },
  ...['soon', '-5', '1.5', '1e3', ''].map((value) => ({
    name: `RT-34: ignores the invalid value '${value}'`,
    options: caseOptions({ backoff: fixed(100) }),
    behaviour: withRetryAfter(503, value, 'ok'),
    runsAt: [0, 100],
    end: 'recovered',
  })),
  {
    name: 'RT-35: the delay after a request goes by its attempt number',
    options: caseOptions({ backoff: exponential(100) }),
    behaviour: withRetryAfter(503, '2', 503, 'ok'),
    runsAt: [0, 2000, 2200],
    end: 'recovered',
  },
  {
    name: 'RT-36: reads the request from a Response in the cause',
    options: caseOptions({ backoff: fixed(100) }),
    behaviour: outcomes(
      new Error('upstream', { cause: new Response(null, { status: 429, headers: { 'Retry-After': '3' } }) }),
      'ok',
    ),
    runsAt: [0, 3000],
    end: 'recovered',
  },
  {
    name: 'RT-42: retries a 409 that carries Retry-After, not earlier than asked',
    options: caseOptions({ backoff: fixed(100) }),
    behaviour: withRetryAfter(409, '2', 'ok'),
    runsAt: [0, 2000],
    end: 'recovered',
  },
];

/** Cases about limits of time; an execution itself takes none. */
export const LIMIT_CASES: readonly RetryCase[] = [
  {
    name: 'RT-38: does not begin the delay that would cross the limit',
    options: caseOptions({ maxAttempts: 10, maxDuration: 1000, backoff: fixed(400) }),
    behaviour: FAILS,
    runsAt: [0, 400, 800],
    end: 'deadline',
  },
];
