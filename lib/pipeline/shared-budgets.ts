import type { Clock } from '../core/clock.js';
import { NamedRegistry } from '../core/registry.js';
import {
  type ResolvedRetryBudgetOptions,
  resolveRetryBudgetOptions,
  type RetryBudgetOptions,
  RetryBudgetRule,
} from '../policies/retry-budget/index.js';
import { SharedOptions } from './shared-options.js';

/** Where the root module gives the budget called `default`, beside its named ones. */
export const DEFAULT_BUDGET_PLACE = 'retryBudget';

/** The retry budgets of one application, each under its name; made of what all places say of it. */
export class SharedBudgets {
  readonly registry = new NamedRegistry<RetryBudgetRule>('retry budget');
  private options = new Map<string, SharedOptions<RetryBudgetOptions>>();
  /** What a successor would do to the budgets that it has inherited. */
  private readonly pending = new Map<RetryBudgetRule, ResolvedRetryBudgetOptions>();

  constructor(
    private readonly clock: Clock,
    private readonly before?: SharedBudgets,
  ) {
    for (const [name, shared] of before?.options ?? []) {
      const others = withoutRoot(shared, name);
      if (!others.isEmpty) this.put(name, name, others);
    }
  }

  /** @throws {InvalidOptionsError} naming both places where two differ, or the option that cannot be meant */
  add(name: string, place: string, given: RetryBudgetOptions): void {
    resolveRetryBudgetOptions(place, given);
    const shared = this.options.get(name) ?? new SharedOptions<RetryBudgetOptions>('retryBudget', name);
    const added = shared.add(place, given);
    if (this.registry.find(name) !== undefined && !added.isNews) return;
    try {
      this.put(name, place, shared);
    } catch (error) {
      added.takeBack();
      throw error;
    }
  }

  /** Becomes what its successor is: what stays keeps its balance, as far as it may hold it now. */
  adopt(next: SharedBudgets): void {
    this.options = next.options;
    this.registry.adopt(next.registry);
    for (const [budget, options] of next.pending) budget.reconfigure(options);
  }

  private put(name: string, place: string, shared: SharedOptions<RetryBudgetOptions>): void {
    const options = resolveRetryBudgetOptions(place, shared.together);
    const inherited = this.before?.registry.find(name);
    const own = this.registry.find(name);
    this.options.set(name, shared);
    if (inherited !== undefined) this.pending.set(inherited, options);
    else own?.reconfigure(options);
    if (own === undefined)
      this.registry.add(name, inherited ?? new RetryBudgetRule(name, options, this.clock));
  }
}

function withoutRoot(
  shared: SharedOptions<RetryBudgetOptions>,
  name: string,
): SharedOptions<RetryBudgetOptions> {
  return shared.without(DEFAULT_BUDGET_PLACE).without(`retryBudgets.${name}`);
}
