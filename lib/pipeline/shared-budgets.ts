import { OptionCheck } from '../core/check.js';
import type { Clock } from '../core/clock.js';
import { NamedRegistry } from '../core/registry.js';
import {
  type ResolvedRetryBudgetOptions,
  resolveRetryBudgetOptions,
  type RetryBudgetOptions,
  RetryBudgetRule,
} from '../policies/retry-budget/index.js';

/** The retry budgets of one application, each under its name. */
export class SharedBudgets {
  readonly registry = new NamedRegistry<RetryBudgetRule>('retry budget');
  private ofRoot = new Set<string>();
  /** What a successor would do to the budgets that it has inherited. */
  private readonly pending = new Map<RetryBudgetRule, ResolvedRetryBudgetOptions>();

  constructor(
    private readonly clock: Clock,
    private readonly before?: SharedBudgets,
  ) {
    if (before === undefined) return;
    const others = before.registry.names().filter((name) => !before.ofRoot.has(name));
    for (const name of others) this.registry.add(name, before.registry.get(name));
  }

  /** @throws {InvalidOptionsError} where a budget of this name exists, or an option cannot be meant */
  add(name: string, place: string, given: RetryBudgetOptions): void {
    const check = new OptionCheck('retryBudget', place);
    if (this.registry.find(name) !== undefined) check.refuse('name', name, 'is given to two retry budgets');
    const options = resolveRetryBudgetOptions(place, given);
    const living = this.before?.registry.find(name);
    if (living !== undefined) this.pending.set(living, options);
    this.registry.add(name, living ?? new RetryBudgetRule(name, options, this.clock));
  }

  /** One of the root module, which other options of it may change or take away. @throws {InvalidOptionsError} */
  addOfRoot(name: string, place: string, given: RetryBudgetOptions): void {
    this.add(name, place, given);
    this.ofRoot.add(name);
  }

  /** Becomes what its successor is: what stays keeps its balance, as far as it may hold it now. */
  adopt(next: SharedBudgets): void {
    this.ofRoot = next.ofRoot;
    this.registry.adopt(next.registry);
    for (const [budget, options] of next.pending) budget.reconfigure(options);
  }
}
