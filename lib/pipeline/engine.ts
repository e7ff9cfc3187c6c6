import type { Environment } from '../core/environment.js';
import type { NamedRegistry } from '../core/registry.js';
import type { RetryBudgetOptions, RetryBudgetRule } from '../policies/retry-budget/index.js';
import { resolveRetryOptions, type RetryOptions } from '../policies/retry/index.js';
import { EngineIdempotency } from './engine-idempotency.js';
import { checkEngineOptions, checkFeatureOptions, checkNamedPolicies } from './engine-options-check.js';
import { type Families, makeFamilies, successors } from './families.js';
import { layered } from './merge.js';
import type { EngineOptions, NamedPolicies } from './policy-options.js';
import { DEFAULT_BUDGET_PLACE, SharedBudgets } from './shared-budgets.js';
import { SharedOptions } from './shared-options.js';

/** Everything that the policies of one application share: breakers, bulkheads, limiters, retry budgets. */
export class Engine {
  readonly breakers: Families['breakers'];
  readonly bulkheads: Families['bulkheads'];
  readonly rateLimiters: Families['rateLimiters'];
  readonly idempotency: EngineIdempotency;
  private readonly sharedBudgets: SharedBudgets;
  private retries = new Map<string, SharedOptions<RetryOptions>>();

  /**
   * @param before where given, this is what that engine would be under other options of the root module: objects
   * that live go over with what they hold, and nothing of them changes before `adopt`
   * @throws {InvalidOptionsError} naming the path of the option that cannot be meant
   */
  constructor(
    private given: EngineOptions,
    readonly environment: Environment,
    before?: Engine,
  ) {
    checkEngineOptions(given);
    checkNamedPolicies(given, '');
    const families = before === undefined ? makeFamilies(given, environment) : successors(before, given);
    this.breakers = families.breakers;
    this.bulkheads = families.bulkheads;
    this.rateLimiters = families.rateLimiters;
    this.idempotency = before?.idempotency ?? new EngineIdempotency(given.idempotency, environment);
    this.sharedBudgets = new SharedBudgets(environment.clock, before?.sharedBudgets);
    this.retries = retriesWithoutRoot(before?.retries);
    this.sharedBudgets.add('default', DEFAULT_BUDGET_PLACE, given.retryBudget ?? {});
    this.addRepeating(given, '');
    if (before === undefined) this.addGates(given, '');
  }

  /** What the application says of its policies now. */
  get options(): EngineOptions {
    return this.given;
  }

  /** The retry budgets, by name. */
  get budgets(): NamedRegistry<RetryBudgetRule> {
    return this.sharedBudgets.registry;
  }

  /**
   * Adds named policies of one of the application's modules.
   *
   * @throws {InvalidOptionsError} naming the path of the option that cannot be meant, or the two places that differ
   */
  add(named: NamedPolicies, place: string): void {
    checkFeatureOptions(named, place);
    checkNamedPolicies(named, place);
    this.addRepeating(named, place);
    this.addGates(named, place);
  }

  /** @throws {InvalidOptionsError} naming both places where two differ, or the option that cannot be meant */
  addBudget(name: string, place: string, given: RetryBudgetOptions): void {
    this.sharedBudgets.add(name, place, given);
  }

  /** Becomes what its successor is, in one go: states and balances stay, limits and options are the new ones. */
  adopt(next: Engine): void {
    this.given = next.given;
    this.retries = next.retries;
    this.sharedBudgets.adopt(next.sharedBudgets);
    this.breakers.adopt(next.breakers);
    this.rateLimiters.adopt(next.rateLimiters);
    // Last: calls that wait and find more places now run at once, under everything that is new.
    this.bulkheads.adopt(next.bulkheads);
  }

  /** The named configuration of a retry, which each method copies. */
  retryNamed(name: string): RetryOptions | undefined {
    return this.retries.get(name)?.together;
  }

  /** The names of the retries that are configured. */
  get retryNames(): readonly string[] {
    return [...this.retries.keys()];
  }

  /** Makes all that is named, so that the registries know them and a wrong option is found. */
  obtainNamed(): void {
    this.breakers.obtainNamed();
    this.bulkheads.obtainNamed();
    this.rateLimiters.obtainNamed();
  }

  private addRepeating(named: NamedPolicies, place: string): void {
    for (const [name, options] of Object.entries(named.retries ?? {})) this.addRetry(name, place, options);
    for (const [name, options] of Object.entries(named.retryBudgets ?? {})) {
      this.addBudget(name, `${place}retryBudgets.${name}`, options);
    }
  }

  private addGates(named: NamedPolicies, place: string): void {
    this.breakers.addNamed(named.circuitBreakers, place);
    this.bulkheads.addNamed(named.bulkheads, place);
    this.rateLimiters.addNamed(named.rateLimiters, place);
  }

  private addRetry(name: string, place: string, options: RetryOptions): void {
    const path = `${place}retries.${name}`;
    resolveRetryOptions(path, layered(this.options.defaults?.retry, options));
    const known = this.retries.get(name) ?? new SharedOptions<RetryOptions>('retry', name);
    known.add(path, options);
    this.retries.set(name, known);
  }
}

/** What features have said of named retries: their options stay when those of the root are replaced. */
function retriesWithoutRoot(
  retries: ReadonlyMap<string, SharedOptions<RetryOptions>> = new Map(),
): Map<string, SharedOptions<RetryOptions>> {
  const others = [...retries].map(([name, shared]) => [name, shared.without(`retries.${name}`)] as const);
  return new Map(others.filter(([, shared]) => !shared.isEmpty));
}
