import type { RetryBudget } from '../../core/retry-budget.js';
import type { Scope } from '../../core/scope.js';
import { RetryPlan } from './retry-plan.js';
import { type RetryRuleParts, RetryRun } from './retry-run.js';

/** Decides which failed calls of one method are made again, and when. */
export class RetryRule {
  /** Whether a returned value may count as a failure, so that every value has to be asked about. */
  readonly judgesValues: boolean;
  private readonly budget: RetryBudget | undefined;
  private readonly plan: RetryPlan;

  constructor(private readonly parts: RetryRuleParts) {
    this.judgesValues = parts.options.retryOnResult !== undefined;
    this.budget = parts.budget;
    this.plan = new RetryPlan(parts.options, parts.environment);
  }

  /** A first attempt succeeded, and no run was begun for its call: pays into the budget, nothing else. */
  succeededAtOnce(): void {
    this.budget?.deposit();
  }

  /** The state of a call whose first attempt has not simply succeeded; nothing in it outlives the call. */
  begin(call: Scope): RetryRun {
    return new RetryRun(this.parts, this.plan, call);
  }
}
