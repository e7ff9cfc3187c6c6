import type { CallContext, Scope } from '../core/index.js';
import { type CallOptions, delay, enterCall, type Pipeline } from '../pipeline/index.js';
import type { RetryRun } from '../policies/retry/index.js';

/** One round of a retried block of code. */
export class RetriedAttempt {
  private failed: { readonly error: unknown } | undefined;

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
    return this.failed;
  }

  /** Runs a part of the block; what it throws makes the round a failure and does not leave the loop. */
  async run(fn: (call: CallContext) => unknown): Promise<void> {
    try {
      await fn(this.call);
    } catch (error) {
      this.fail(error);
    }
  }

  /** Makes the round a failure. */
  fail(error: unknown): void {
    this.failed = { error };
  }
}

/** The rounds of a block of code under the retry of a pipeline. */
export async function* attemptsOf(
  pipeline: Pipeline,
  options: CallOptions,
): AsyncGenerator<RetriedAttempt, void> {
  const record = pipeline.record(undefined, [], options);
  const { scope, leave } = enterCall(record, pipeline.environment, options.signal);
  try {
    const run = retryOf(pipeline)?.begin(scope);
    for (let isOver = false; !isOver;) {
      const inner = scope.inner(run?.attempt ?? 1);
      const attempt = new RetriedAttempt(inner);
      yield attempt;
      inner.close();
      isOver = await follow(attempt, run, scope, pipeline);
    }
  } finally {
    leave();
  }
}

function retryOf({ steps }: Pipeline): { begin(call: Scope): RetryRun } | undefined {
  for (const step of steps) if (step.word === 'retry') return step.rule;
  return undefined;
}

/** What follows a round: the end, or after a delay the next. @throws the failure that is not retried */
async function follow(
  { failure, call }: RetriedAttempt,
  run: RetryRun | undefined,
  scope: Scope,
  { environment }: Pipeline,
): Promise<boolean> {
  if (failure === undefined) {
    run?.decideValue(undefined, scope);
    return true;
  }
  const decision = run?.decideError(failure.error, call as Scope);
  if (decision?.kind !== 'again') throw failure.error;
  const end = await delay(scope, decision.delayMs, environment);
  if (end !== 'elapsed') run?.delayEnded(end);
  if (end === 'aborted') throw scope.cancellation.reason;
  if (end === 'shutdown') throw failure.error;
  run?.nextAttempt();
  return false;
}
