import type { CallContext, Environment, Scope } from '../core/index.js';
import { type CallOptions, delay, enterCall, type Pipeline } from '../pipeline/index.js';
import type { RetryRule, RetryRun } from '../policies/retry/index.js';

type Outcome = { readonly error: unknown } | { readonly value: unknown };

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
      if (this.failure === undefined) this.outcome = { value };
    } catch (error) {
      this.fail(error);
    }
  }

  /** Makes the round a failure. */
  fail(error: unknown): void {
    this.outcome = { error };
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
      const delayMs = run && delayAfter(attempt, run, inner);
      isOver = run === undefined || delayMs === undefined || !(await pause(run, delayMs, scope, pipeline));
      if (isOver && attempt.failure !== undefined) throw attempt.failure.error;
    }
  } finally {
    leave();
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

/** Waits for the next round; `false` where the application closes before. @throws the reason of an abort */
async function pause(
  run: RetryRun,
  delayMs: number,
  scope: Scope,
  { environment }: { readonly environment: Environment },
): Promise<boolean> {
  const end = await delay(scope, delayMs, environment);
  if (end === 'elapsed') {
    run.nextAttempt();
    return true;
  }
  run.delayEnded(end);
  if (end === 'aborted') throw scope.cancellation.reason;
  return false;
}
