import type { NamedRegistry } from '../../core/index.js';
import type {
  RetryBudgetOptions,
  RetryBudgetRule,
  RetryBudgetSnapshot,
} from '../../policies/retry-budget/index.js';
import type { ResilienceRuntime } from '../runtime/index.js';

/** The retry budgets of this application, by name; the one that is shared by all is called `default`. */
export class RetryBudgetRegistry {
  private readonly budgets: NamedRegistry<RetryBudgetRule>;

  constructor(private readonly runtime: ResilienceRuntime) {
    this.budgets = runtime.engine.budgets;
  }

  /** @throws {InvalidOptionsError} naming the known ones, where there is none of this name */
  get(name = 'default'): RetryBudgetRule {
    return this.budgets.get(name);
  }

  find(name: string): RetryBudgetRule | undefined {
    return this.budgets.find(name);
  }

  /** The one of this name, made where there is none; options are for one that is new. */
  getOrCreate(name: string, options: RetryBudgetOptions = {}): RetryBudgetRule {
    if (this.budgets.find(name) === undefined) {
      this.runtime.engine.addBudget(name, `getOrCreate('${name}')`, options);
    }
    return this.budgets.get(name);
  }

  names(): readonly string[] {
    return this.budgets.names();
  }

  /** A snapshot of each, as they are now. */
  list(): readonly RetryBudgetSnapshot[] {
    return this.budgets.all().map((budget) => budget.snapshot());
  }
}
