import { OptionCheck } from '../../core/check.js';
import type { Duration } from '../../core/duration.js';

/** The trouble that is injected around one method; at least one of `errorRate`, `error` and `latency`. */
export interface ChaosOptions {
  /**
   * Share of the executions that fail without running the method, 0 to 1.
   *
   * @defaultValue 1 where an `error` is given, otherwise 0
   */
  readonly errorRate?: number;
  /**
   * What they fail with: a value, or a function that makes one for each.
   *
   * @defaultValue a new `Error` that names the operation; it counts as transient
   */
  readonly error?: unknown;
  /**
   * How long each execution waits before it fails, or before the method runs.
   *
   * @defaultValue 0
   */
  readonly latency?: Duration;
  /**
   * A whole number: the same seed makes the same executions fail.
   *
   * @defaultValue drawn from the clock of the application
   */
  readonly seed?: number;
  /**
   * `true` to act with `NODE_ENV=production` as well.
   *
   * @defaultValue false
   */
  readonly force?: boolean;
}

/** What is injected, with every field filled in. */
export interface ResolvedChaosOptions {
  readonly errorRate: number;
  /** Makes what an execution fails with. */
  readonly makeError: () => unknown;
  readonly latencyMs: number;
  readonly seed: number | undefined;
  readonly force: boolean;
}

const KNOWN = ['errorRate', 'error', 'latency', 'seed', 'force'] as const satisfies (keyof ChaosOptions)[];

/**
 * Fills and checks what is to be injected around one operation.
 *
 * @throws {InvalidOptionsError} with field, value and what would be right
 */
export function resolveChaosOptions(operation: string, given: ChaosOptions): ResolvedChaosOptions {
  const check = new OptionCheck('chaos', operation);
  check.onlyKnown(given, KNOWN);
  const { errorRate, error, latency, seed, force = false } = given;
  if (errorRate === undefined && error === undefined && latency === undefined) {
    check.refuse('errorRate', errorRate, 'must be given, or error, or latency');
  }
  return {
    errorRate: rateOf(check, errorRate ?? (error === undefined ? 0 : 1)),
    makeError: makerOf(check, operation, error),
    latencyMs: check.durationMs('latency', latency ?? 0),
    seed: seed === undefined ? undefined : check.wholeNumber('seed', seed, 0),
    force: check.flag('force', force),
  };
}

function rateOf(check: OptionCheck, rate: number): number {
  return rate === 0 ? 0 : check.ratio('errorRate', rate);
}

function makerOf(check: OptionCheck, operation: string, error: unknown): () => unknown {
  if (error === undefined) return () => new Error(`${operation}: injected by Chaos`);
  if (typeof error !== 'function') return () => error;
  if (error.prototype instanceof Error) {
    check.refuse(
      'error',
      error,
      `must be an error, or a function that makes one: () => new ${error.name}(…)`,
    );
  }
  // Whatever function it is, it is called without arguments.
  return error as () => unknown;
}
