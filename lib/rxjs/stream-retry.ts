import { Observable, type Subscriber, type Subscription } from 'rxjs';
import type { Environment } from '../core/environment.js';
import type { Scope } from '../core/scope.js';
import { type CallRecord, startDelay } from '../pipeline/index.js';
import type { RetryDecision, RetryRule, RetryRun } from '../policies/retry/index.js';
import type { StreamNext } from './stream-layers.js';

/** Subscribes again to what stands inside, as long as the rule says so and no value was delivered. */
export function retryStream(rule: RetryRule, environment: Environment, next: StreamNext): StreamNext {
  return (scope, record) =>
    new Observable((subscriber) => {
      new RetriedStream({ scope, record, next, environment, subscriber, run: rule.begin(scope) }).attempt();
    });
}

interface RetriedStreamParts {
  readonly scope: Scope;
  readonly record: CallRecord;
  readonly next: StreamNext;
  readonly environment: Environment;
  readonly subscriber: Subscriber<unknown>;
  readonly run: RetryRun;
}

/** One subscription to a retried stream. */
class RetriedStream {
  private hasDelivered = false;

  constructor(private readonly parts: RetriedStreamParts) {}

  attempt(): void {
    const { scope, record, next, subscriber, run } = this.parts;
    record.beginAttempt(run.attempt);
    const attempt = scope.inner(run.attempt);
    this.hasDelivered = false;
    let source: Subscription | undefined;
    let isOver = false;
    const end = (decision: RetryDecision, conclude: () => void): void => {
      isOver = true;
      source?.unsubscribe();
      attempt.close();
      if (decision.kind === 'done') conclude();
      else this.wait(decision.delayMs, conclude);
    };
    source = next(attempt, record).subscribe({
      next: (value) => {
        const decision = this.hasDelivered ? undefined : run.decideValue(value, attempt);
        if (decision?.kind === 'again') return end(decision, () => this.deliverLast(value));
        this.hasDelivered = true;
        return subscriber.next(value);
      },
      error: (error: unknown) => {
        const decision = this.hasDelivered
          ? run.decideLateError(error, attempt)
          : run.decideError(error, attempt);
        end(decision, () => subscriber.error(error));
      },
      complete: () => {
        const decision: RetryDecision = this.hasDelivered
          ? { kind: 'done' }
          : run.decideValue(undefined, attempt);
        end(decision, () => subscriber.complete());
      },
    });
    if (isOver) source.unsubscribe();
    subscriber.add(source);
  }

  private deliverLast(value: unknown): void {
    const { subscriber } = this.parts;
    subscriber.next(value);
    subscriber.complete();
  }

  private wait(delayMs: number, conclude: () => void): void {
    const { scope, environment, subscriber, run } = this.parts;
    let isWaiting = true;
    const stop = startDelay(scope, delayMs, environment, (end) => {
      isWaiting = false;
      if (end !== 'elapsed') run.delayEnded(end);
      if (end === 'aborted') return subscriber.error(scope.cancellation.reason);
      if (end === 'shutdown') return conclude();
      run.nextAttempt();
      return this.attempt();
    });
    subscriber.add(() => {
      stop();
      if (isWaiting) run.delayEnded('aborted');
    });
  }
}
