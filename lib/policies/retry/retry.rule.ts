import type { Call } from '../../core/call.js';
import type { RetryBudget } from '../../core/retry-budget.js';
import type { Scope } from '../../core/scope.js';
import { RetryPlan } from './retry-plan.js';
import { RetryRun } from './retry-run.js';
import { type RetryRuleParts, type RetryRunParts, RetryTidings } from './retry-tidings.js';

/** Decides which failed calls of one method are made again, and when. */
export class RetryRule {
  /** Whether a returned value may count as a failure, so that every value has to be asked about. */
  readonly judgesValues: boolean;
  /** Whether somebody wants to be told of every attempt, so that the first is no different from the others. */
  readonly tellsAttempts: boolean;
  /** Whether the time since the call began decides about further attempts. */
  readonly isTimed: boolean;
  private readonly budget: RetryBudget | undefined;
  private readonly parts: RetryRunParts;

  constructor(parts: RetryRuleParts) {
    this.judgesValues = parts.options.retryOnResult !== undefined;
    this.tellsAttempts = parts.options.onAttempt !== undefined;
    this.isTimed = parts.options.maxDurationMs !== undefined;
    this.budget = parts.budget;
    const tidings = new RetryTidings(parts);
    this.parts = { ...parts, tidings, plan: new RetryPlan(parts.options, parts.environment) };
  }

  /** Whether a returned value counts as a failure. */
  isFailure(value: unknown, call: Call): boolean {
    return this.parts.plan.isFailure(value, call);
  }

  /** A first attempt is about to begin for which no run was begun yet. */
  firstBegins(call: Call): void {
    this.parts.tidings.begins({ call, attempt: 1, elapsedMs: 0 });
  }

  /** A first attempt succeeded, and no run was begun for its call: pays into the budget, nothing else. */
  succeededAtOnce(): void {
    this.budget?.deposit();
  }

  /**
   * The state of a call whose first attempt has not simply succeeded; nothing in it outlives the call. `beganMs`: when
   * that attempt began, where the call had to wait before.
   */
  begin(call: Scope, beganMs = call.startedMs): RetryRun {
    return new RetryRun(this.parts, call, beganMs);
  }
}
