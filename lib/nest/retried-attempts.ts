import type { CallContext, Scope } from '../core/index.js';
import { type CallOptions, type CallRecord, enterCall, pause, type Pipeline } from '../pipeline/index.js';
import { callersError, type RetryRule, type RetryRun } from '../policies/retry/index.js';

type Outcome = { readonly error: unknown } | { readonly value: unknown };

/** Rounds of which a part has succeeded, and none has failed. */
const SUCCEEDED = new WeakSet<RetriedAttempt>();

/** One round of a retried block of code. */
export class RetriedAttempt {
  private outcome: Outcome = { value: undefined };

  constructor(
    /** What may be known of this round: its number, its signal. */
    readonly call: CallContext,
  ) {}

  /** Number of this round, from 1. */
  get attempt(): number {
    return this.call.attempt;
  }

  /** What this round failed with, if it did. */
  get failure(): { readonly error: unknown } | undefined {
    return 'error' in this.outcome ? this.outcome : undefined;
  }

  /** What the last part of the block has given. */
  get value(): unknown {
    return 'value' in this.outcome ? this.outcome.value : undefined;
  }

  /** Runs a part of the block; what it throws makes the round a failure and does not leave the loop. */
  async run(fn: (call: CallContext) => unknown): Promise<void> {
    try {
      const value = await fn(this.call);
      if (this.failure !== undefined) return;
      this.outcome = { value };
      SUCCEEDED.add(this);
    } catch (error) {
      this.fail(error);
    }
  }

  /** Makes the round a failure. */
  fail(error: unknown): void {
    this.outcome = { error };
    SUCCEEDED.delete(this);
  }
}

/** The rounds of a block of code under the retry of a pipeline; together they are one call. */
export async function* attemptsOf(
  pipeline: Pipeline,
  options: CallOptions,
): AsyncGenerator<RetriedAttempt, void> {
  const { calls } = pipeline;
  const record = pipeline.record(undefined, [], options);
  let failure: { readonly error: unknown } | undefined;
  try {
    yield* roundsOf(pipeline, record, options);
  } catch (error) {
    failure = { error };
    throw error;
  } finally {
    // A loop that is left early has done what it was for.
    if (failure === undefined) calls.succeeded(record);
    else calls.failed(record, failure.error);
  }
}

async function* roundsOf(
  pipeline: Pipeline,
  record: CallRecord,
  options: CallOptions,
): AsyncGenerator<RetriedAttempt, void> {
  const { scope, leave } = enterCall(record, pipeline.environment, options.signal);
  try {
    const run = retryOf(pipeline)?.begin(scope);
    for (let isOver = false; !isOver;) {
      const inner = scope.inner(run?.attempt ?? 1);
      const attempt = new RetriedAttempt(inner);
      run?.begins(inner);
      yield* untilLeft(attempt, () => run?.succeeded(inner));
      inner.close();
      isOver = run === undefined || !(await isFollowed(attempt, run, { inner, scope, pipeline }));
      if (isOver && attempt.failure !== undefined) throw callersError(attempt.failure.error);
    }
  } finally {
    leave();
  }
}

/** Whoever leaves a round whose parts have succeeded has what the loop was for: without a word it would not count. */
function* untilLeft(attempt: RetriedAttempt, succeeded: () => void): Generator<RetriedAttempt, void> {
  let isLeft = true;
  try {
    yield attempt;
    isLeft = false;
  } finally {
    if (isLeft && SUCCEEDED.has(attempt)) succeeded();
  }
}

function retryOf({ steps }: Pipeline): RetryRule | undefined {
  for (const step of steps) if (step.word === 'retry') return step.rule;
  return undefined;
}

/** How long to wait for the next round; `undefined` where this one was the last. */
function delayAfter({ failure, value }: RetriedAttempt, run: RetryRun, scope: Scope): number | undefined {
  const decision =
    failure === undefined ? run.decideValue(value, scope) : run.decideError(failure.error, scope);
  return decision.kind === 'again' ? decision.delayMs : undefined;
}

interface Surroundings {
  /** The scope of the round that has ended. */
  readonly inner: Scope;
  readonly scope: Scope;
  readonly pipeline: Pipeline;
}

/**
 * Waits for the next round; `false` where none follows.
 *
 * @throws the reason of an abort, or what the next round could not be prepared for
 */
async function isFollowed(attempt: RetriedAttempt, run: RetryRun, around: Surroundings): Promise<boolean> {
  const { inner, scope, pipeline } = around;
  const delayMs = delayAfter(attempt, run, inner);
  if (delayMs === undefined) return false;
  const end = await pause({ run, delayMs, scope, environment: pipeline.environment });
  if (typeof end === 'object') throw end.error;
  return end === 'next';
}
