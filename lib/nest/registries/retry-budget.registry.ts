import type { Observable } from 'rxjs';
import type { BudgetRefusedEvent, NamedRegistry } from '../../core/index.js';
import type {
  RetryBudgetOptions,
  RetryBudgetRule,
  RetryBudgetSnapshot,
} from '../../policies/retry-budget/index.js';
import type { ResilienceEvents } from '../resilience.events.js';
import type { ResilienceRuntime } from '../runtime/index.js';
import { eventsOf } from './shared-registry.js';

/** The retry budgets of this application, by name; the one that is shared by all is called `default`. */
export class RetryBudgetRegistry {
  /** The refusals of all retry budgets of this application. */
  readonly events$: Observable<BudgetRefusedEvent>;

  constructor(
    private readonly runtime: ResilienceRuntime,
    events: ResilienceEvents,
  ) {
    this.events$ = eventsOf(events, 'budget.refused');
  }

  /**
   * The one of this name.
   *
   * @throws {InvalidOptionsError} naming the known ones, where there is none
   */
  get(name = 'default'): RetryBudgetRule {
    return this.known.get(name);
  }

  /** The one of this name, `undefined` where there is none. */
  find(name: string): RetryBudgetRule | undefined {
    return this.known.find(name);
  }

  /**
   * The one of this name, made where there is none; options are for one that is new.
   *
   * @throws {InvalidOptionsError} where an option of a new one cannot be meant
   */
  getOrCreate(name: string, options: RetryBudgetOptions = {}): RetryBudgetRule {
    const { known } = this;
    if (known.find(name) === undefined) {
      this.runtime.engine.addBudget(name, `getOrCreate('${name}')`, options);
    }
    return known.get(name);
  }

  /** The names of all that the application knows by now. */
  names(): readonly string[] {
    return this.known.names();
  }

  /** A snapshot of each, as they are now. */
  list(): readonly RetryBudgetSnapshot[] {
    return this.known.all().map((budget) => budget.snapshot());
  }

  /** With everything that modules have named, lazily loaded ones included. */
  private get known(): NamedRegistry<RetryBudgetRule> {
    this.runtime.addFeatures();
    return this.runtime.engine.budgets;
  }
}
