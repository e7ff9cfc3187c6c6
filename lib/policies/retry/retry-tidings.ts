import type { Call } from '../../core/call.js';
import { tell } from '../../core/callbacks.js';
import type { Environment } from '../../core/environment.js';
import type { RetryBudget } from '../../core/retry-budget.js';
import type { RetryFailure } from './retry-hooks.js';
import type { RetryInfo } from './retry-info.js';
import type { RetryPlan } from './retry-plan.js';
import type { ResolvedRetryOptions } from './retry.options.js';

/** What a retry of one method is made of. */
export interface RetryRuleParts {
  /** Name of the policy, `'retry'` where it has none. */
  readonly name: string;
  readonly options: ResolvedRetryOptions;
  readonly environment: Environment;
  readonly budget: RetryBudget | undefined;
}

/** What the calls of one rule have in common. */
export interface RetryRunParts extends RetryRuleParts {
  readonly plan: RetryPlan;
  readonly tidings: RetryTidings;
}

/** Where a call stands when something is told of it. */
export interface Moment {
  /** The execution that is spoken of. */
  readonly call: Call;
  /** Number of the attempt that is spoken of, from 1. */
  readonly attempt: number;
  readonly elapsedMs: number;
}

/** Tells hooks and listeners what happens to the calls of one method. */
export class RetryTidings {
  constructor(private readonly parts: RetryRuleParts) {}

  begins(moment: Moment): void {
    const { options, environment } = this.parts;
    const { operation } = moment.call;
    tell(environment.events, 'onAttempt', options.onAttempt, { ...moment, operation });
  }

  scheduled(moment: Moment, failure: RetryFailure, delayMs: number): void {
    const { name: policy, options, environment } = this.parts;
    const { events } = environment;
    const { attempt, call } = moment;
    const { operation } = call;
    const { onRetry } = options;
    if (onRetry !== undefined)
      tell(events, 'onRetry', onRetry, { ...failure, ...moment, operation, delayMs });
    if (!events.isAwaited('retry.scheduled')) return;
    events.emit({ kind: 'retry.scheduled', operation, policy, attempt, delayMs, error: failedWith(failure) });
  }

  recovered({ call, attempt: attempts, elapsedMs }: Moment): void {
    const { name: policy, options, environment } = this.parts;
    const { events } = environment;
    const { operation } = call;
    const { onRecovered } = options;
    if (onRecovered !== undefined)
      tell(events, 'onRecovered', onRecovered, { operation, attempts, elapsedMs, call });
    if (!events.isAwaited('retry.recovered')) return;
    events.emit({ kind: 'retry.recovered', operation, policy, attempts, elapsedMs });
  }

  gaveUp(call: Call, failure: RetryFailure, info: RetryInfo): void {
    const { name: policy, options, environment } = this.parts;
    const { events } = environment;
    const { operation } = call;
    const { onGiveUp } = options;
    if (onGiveUp !== undefined) tell(events, 'onGiveUp', onGiveUp, { ...failure, ...info, operation, call });
    if (!events.isAwaited('retry.gave-up')) return;
    events.emit({ kind: 'retry.gave-up', operation, policy, ...info, error: failedWith(failure) });
  }

  /** The budget has no token for a retry. */
  refused(operation: string, budget: string): void {
    const { name: policy, environment } = this.parts;
    const { events } = environment;
    if (!events.isAwaited('budget.refused')) return;
    events.emit({ kind: 'budget.refused', operation, policy, budget });
  }
}

function failedWith(failure: RetryFailure): unknown {
  return 'value' in failure ? failure.value : failure.error;
}
