/** One storm, the same for everybody; bounded in time, and by the rate in count. */
export const STORM = {
  /** Calls per second of all client processes together; open loop. */
  callsPerSecond: 100,
  clients: 2,
  /** Requests per second that the server can do. */
  capacity: 140,
  /** Later answers are of no use any more: the server has done the work and says 503. */
  usefulMs: 500,
  /** A request that would wait longer is refused at once, with 503. */
  longestQueueMs: 2_000,
  attemptTimeoutMs: 3_000,
  trigger: { fromS: 4, untilS: 9, factor: 0.2 },
  endS: 24,
} as const;

/** Who makes the calls. */
export const CALLERS = ['plain', 'axios-retry', 'cockatiel-retry', 'cockatiel', 'ours'] as const;
export type CallerName = (typeof CALLERS)[number];

export const TITLES: Readonly<Record<CallerName, string>> = {
  plain: 'plain axios, no retries',
  'axios-retry': 'axios-retry, defaults',
  'cockatiel-retry': 'cockatiel: retry (README)',
  cockatiel: 'cockatiel: retry + breaker (README)',
  ours: 'nestjs-selfheal, defaults: retry + breaker',
};

export interface ServerSettings {
  readonly seed: number;
}

export interface LoadSettings {
  readonly seed: number;
  readonly caller: CallerName;
  readonly port: number;
}

/** What the processes tell the one that started them. */
export type StormMessage =
  { readonly kind: 'ready'; readonly port: number } | { readonly kind: 'counted'; readonly counts: Counts };

/** What they are told. */
export type StormCommand =
  { readonly kind: 'begin' } | { readonly kind: 'capacity'; readonly factor: number };

/** By second since the beginning. */
export interface Counts {
  readonly calls: readonly number[];
  readonly attempts: readonly number[];
  readonly successes: readonly number[];
}

const RECOVERED = { part: 0.9, seconds: 3 };

export interface StormResult extends Counts {
  readonly caller: CallerName;
  readonly title: string;
  /** Attempts per call from the beginning of the trigger on. */
  readonly attemptsPerCall: number;
  /** Calls per second that succeeded before the trigger, during it, and in the last five seconds. */
  readonly goodput: readonly [number, number, number];
  /** Seconds from the end of the trigger; null for never. */
  readonly recoveryS: number | null;
}

/** What the counts of one storm say. */
export function resultOf(caller: CallerName, counts: Counts): StormResult {
  const { fromS, untilS } = STORM.trigger;
  const during = (list: readonly number[]): number => sum(list.slice(fromS));
  return {
    ...counts,
    caller,
    title: TITLES[caller],
    attemptsPerCall: during(counts.attempts) / during(counts.calls),
    goodput: [
      mean(counts.successes.slice(0, fromS)),
      mean(counts.successes.slice(fromS, untilS)),
      mean(counts.successes.slice(STORM.endS - 5, STORM.endS)),
    ],
    recoveryS: recoveryOf(counts.successes),
  };
}

function recoveryOf(successes: readonly number[]): number | null {
  const { untilS } = STORM.trigger;
  for (let second = untilS; second + RECOVERED.seconds <= STORM.endS; second += 1) {
    const next = successes.slice(second, second + RECOVERED.seconds);
    if (mean(next) >= RECOVERED.part * STORM.callsPerSecond) return second - untilS;
  }
  return null;
}

/** The counts of several processes together. */
export function together(all: readonly Counts[]): Counts {
  const added = (field: keyof Counts): number[] =>
    Array.from({ length: STORM.endS }, (_, second) => sum(all.map((each) => each[field][second] ?? 0)));
  return { calls: added('calls'), attempts: added('attempts'), successes: added('successes') };
}

function sum(list: readonly number[]): number {
  return list.reduce((total, each) => total + each, 0);
}

function mean(list: readonly number[]): number {
  return sum(list) / list.length;
}
