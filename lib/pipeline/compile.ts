import { OptionCheck } from '../core/check.js';
import type { Environment } from '../core/environment.js';
import type { RetryBudget } from '../core/retry-budget.js';
import type { BulkheadOptions, BulkheadRule } from '../policies/bulkhead/index.js';
import type { CircuitBreakerOptions } from '../policies/circuit-breaker/index.js';
import { FallbackRule, type FallbackParts, resolveFallbackOptions } from '../policies/fallback/index.js';
import type { RateLimiterOptions, RateLimiterRule } from '../policies/rate-limiter/index.js';
import { resolveRetryOptions, type RetryOptions, RetryRule } from '../policies/retry/index.js';
import {
  resolveTimeLimiterOptions,
  TimeLimit,
  type TimeLimiterOptions,
} from '../policies/time-limiter/index.js';
import type { Breaker } from './breaker.js';
import type { Engine } from './engine.js';
import { layered } from './merge.js';
import { checkOrder, inOrder } from './order.js';
import type { FallbackRequest, PolicyOptions, PolicyOverrides } from './policy-options.js';
import type { SharedFamily } from './shared-family.js';
import {
  breakerOptions,
  bulkheadOptions,
  rateLimiterOptions,
  retryOptions,
  timeLimiterOptions,
} from './short-forms.js';
import type { Step, StepWord } from './step.js';

/** A method, or a block of code, and the policies it asks for. */
export interface PolicyOwner {
  /** `Class.method`, or the name given to `execute`. */
  readonly operation: string;
  readonly policies: PolicyOptions;
  /** What `overrides` call it. @defaultValue the operation */
  readonly overrideKey?: string | undefined;
  readonly resolveProvider?: FallbackParts['resolveProvider'];
}

/** What a method's policies have become. */
export interface CompiledPolicies {
  /** The rules that run, outermost first. */
  readonly steps: readonly Step[];
  /** The resolved options of each policy, by its name. */
  readonly options: Readonly<Record<string, unknown>>;
}

type SharedPolicy = 'circuitBreaker' | 'bulkhead' | 'rateLimiter';

/** Makes rules of what is written on one method; each error names the method, the field and what would be right. */
export class Compiler {
  private readonly steps: Step[] = [];
  private readonly options: Record<string, unknown> = {};
  private readonly overrides: PolicyOverrides;
  private readonly environment: Environment;

  constructor(
    private readonly engine: Engine,
    private readonly owner: PolicyOwner,
  ) {
    this.overrides = engine.options.overrides?.[owner.overrideKey ?? owner.operation] ?? {};
    this.environment = engine.environment;
  }

  /** @throws {InvalidOptionsError} naming method, field, value and what would be right */
  compile(): CompiledPolicies {
    const { policies, operation } = this.owner;
    this.refuseIdleOverrides(policies);
    if (policies.fallback !== undefined) this.addFallback(policies.fallback);
    if (this.isOn('timeLimiter')) this.addLimits();
    if (this.isOn('retry')) this.addRetry();
    if (this.isOn('circuitBreaker')) this.addBreaker();
    if (this.isOn('rateLimiter')) this.addRateLimiter();
    if (this.isOn('bulkhead')) this.addBulkhead();
    const order = policies.order?.filter((word) => !this.isTakenAway(word));
    if (order !== undefined)
      checkOrder(
        operation,
        order,
        this.steps.map((step) => step.word),
      );
    const isEnabled = this.engine.options.enabled !== false;
    const steps = isEnabled ? this.steps : this.steps.filter((step) => step.word === 'fallback');
    return { steps: inOrder(steps, order), options: this.options };
  }

  /**
   * Lays what this method says of shared objects to what others say, before any of them is made.
   *
   * @throws {InvalidOptionsError} naming both places where two differ
   */
  declare(): void {
    const { operation, policies } = this.owner;
    const { breakers, rateLimiters, bulkheads } = this.engine;
    const breaker = breakerOptions(policies.circuitBreaker);
    const limiter = rateLimiterOptions(policies.rateLimiter);
    const bulkhead = bulkheadOptions(policies.bulkhead);
    if (breaker.name !== undefined) breakers.declare(breaker.name, operation, breaker);
    if (limiter.name !== undefined) rateLimiters.declare(limiter.name, operation, limiter);
    if (bulkhead.name !== undefined) bulkheads.declare(bulkhead.name, operation, bulkhead);
  }

  private isOn(policy: keyof PolicyOverrides): boolean {
    return this.owner.policies[policy] !== undefined && this.overrides[policy] !== false;
  }

  /** An override that has nothing to change would be silently without effect. */
  private refuseIdleOverrides(policies: PolicyOptions): void {
    for (const policy of Object.keys(this.overrides) as (keyof PolicyOverrides)[]) {
      if (policies[policy] !== undefined) continue;
      const place = `overrides['${this.owner.overrideKey ?? this.owner.operation}']`;
      new OptionCheck(policy, place).refuse(
        'overrides',
        this.overrides[policy],
        'has no such policy to change',
      );
    }
  }

  private override<P extends keyof PolicyOverrides>(
    policy: P,
  ): Exclude<PolicyOverrides[P], false> | undefined {
    const found = this.overrides[policy];
    // `false` takes the policy away and never gets here.
    return found === false ? undefined : (found as Exclude<PolicyOverrides[P], false> | undefined);
  }

  private addFallback({ handler, filter }: FallbackRequest): void {
    const { operation, resolveProvider } = this.owner;
    const options = resolveFallbackOptions(operation, handler, filter);
    const { environment } = this;
    this.options['fallback'] = options;
    const rule = new FallbackRule({
      name: 'fallback',
      options,
      environment,
      ...(resolveProvider !== undefined && { resolveProvider }),
    });
    this.steps.push({ word: 'fallback', rule });
  }

  private addLimits(): void {
    const { timeLimiter } = this.owner.policies;
    const written = timeLimiterOptions(timeLimiter);
    const { defaults } = this.engine.options;
    const together = layered<TimeLimiterOptions>(
      defaults?.timeLimiter,
      written,
      this.override('timeLimiter'),
    );
    const options = resolveTimeLimiterOptions(this.owner.operation, together);
    const { environment } = this;
    const { attemptTimeoutMs, totalTimeoutMs } = options;
    this.options['timeLimiter'] = options;
    if (totalTimeoutMs !== undefined) {
      const rule = new TimeLimit({ limit: 'total', timeoutMs: totalTimeoutMs, environment });
      this.steps.push({ word: 'totalTimeout', rule });
    }
    if (attemptTimeoutMs === undefined) return;
    const rule = new TimeLimit({ limit: 'attempt', timeoutMs: attemptTimeoutMs, environment });
    this.steps.push({ word: 'attemptTimeout', rule });
  }

  private addRetry(): void {
    const { retry } = this.owner.policies;
    const written = retryOptions(retry);
    const override = this.override('retry');
    const name = override?.name ?? written.name;
    const { defaults } = this.engine.options;
    const named = name === undefined ? undefined : this.namedRetry(name);
    const together = layered<RetryOptions>(defaults?.retry, named, written, override);
    const options = resolveRetryOptions(this.owner.operation, together);
    const budget = options.budget === false ? undefined : this.budget(options.budget);
    this.options['retry'] = options;
    const rule = new RetryRule({ name: name ?? 'retry', options, environment: this.environment, budget });
    this.steps.push({ word: 'retry', rule });
  }

  private namedRetry(name: string): RetryOptions | undefined {
    const found = this.engine.retryNamed(name);
    if (found !== undefined || this.engine.options.isLenient === true) return found;
    const known = this.engine.retryNames.join(', ') || 'none';
    const check = new OptionCheck('retry', this.owner.operation);
    return check.refuse('name', name, `must name a retry of the module (known: ${known})`);
  }

  private budget(name: string): RetryBudget {
    const { budgets, options } = this.engine;
    const found = budgets.find(name);
    if (found !== undefined) return found;
    if (options.isLenient === true) {
      this.engine.addBudget(name, `retryBudgets.${name}`, {});
      return budgets.get(name);
    }
    const check = new OptionCheck('retry', this.owner.operation);
    return check.refuse('budget', name, `must name a retry budget of the module (known: ${budgets.known})`);
  }

  private addBreaker(): void {
    const { circuitBreaker } = this.owner.policies;
    const written = breakerOptions(circuitBreaker);
    const { gate } = this.shared<CircuitBreakerOptions, Breaker>(
      'circuitBreaker',
      this.engine.breakers,
      written,
    );
    this.steps.push({ word: 'circuitBreaker', rule: gate });
  }

  private addRateLimiter(): void {
    const { rateLimiter } = this.owner.policies;
    const written = rateLimiterOptions(rateLimiter);
    const rule = this.shared<RateLimiterOptions, RateLimiterRule>(
      'rateLimiter',
      this.engine.rateLimiters,
      written,
    );
    this.steps.push({ word: 'rateLimiter', rule });
  }

  private addBulkhead(): void {
    const { bulkhead } = this.owner.policies;
    const written = bulkheadOptions(bulkhead);
    const rule = this.shared<BulkheadOptions, BulkheadRule>('bulkhead', this.engine.bulkheads, written);
    this.steps.push({ word: 'bulkhead', rule });
  }

  /** The object of that name, or one that belongs to this method alone. */
  private shared<O extends { readonly name?: string }, T>(
    policy: SharedPolicy,
    family: SharedFamily<O, T>,
    written: Partial<O>,
  ): T {
    const { operation } = this.owner;
    const override = this.override(policy) as Partial<O> | undefined;
    const { name } = written;
    const own = layered<Partial<O>>(written, override);
    this.options[policy] = own;
    if (name === undefined) return family.own(operation, own);
    if (override !== undefined) {
      const place = `overrides['${operation}']`;
      new OptionCheck(policy, place).refuse(
        'name',
        name,
        'is shared: one method cannot change it for the others',
      );
    }
    family.declare(name, operation, written);
    return family.obtain(name, operation);
  }

  /** Whether the module has taken a step away that the method's own order may still name. */
  private isTakenAway(word: StepWord): boolean {
    const policy = word === 'attemptTimeout' || word === 'totalTimeout' ? 'timeLimiter' : word;
    return this.overrides[policy as keyof PolicyOverrides] === false;
  }
}
