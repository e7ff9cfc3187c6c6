import { OptionCheck } from '../core/check.js';
import type { Gate } from '../core/rule.js';
import type { BulkheadOptions, BulkheadRule } from '../policies/bulkhead/index.js';
import type { CircuitBreakerOptions } from '../policies/circuit-breaker/index.js';
import type { RateLimiterOptions, RateLimiterRule } from '../policies/rate-limiter/index.js';
import type { Breaker } from './breaker.js';
import type { Engine } from './engine.js';
import { layered } from './merge.js';
import type { PolicyOverrides } from './policy-options.js';
import type { PolicyOwner } from './policy-owner.js';
import type { SharedFamily } from './shared-family.js';
import { breakerOptions, bulkheadOptions, rateLimiterOptions } from './short-forms.js';
import type { GateStep, GateWord } from './step.js';

/** What the gates of one method are made of. */
export interface GateCompilerParts {
  readonly engine: Engine;
  readonly owner: PolicyOwner;
  readonly overrides: PolicyOverrides;
  /** Where the resolved options are told. */
  readonly options: Record<string, unknown>;
}

/** Finds or makes the gates that one method asks for: those that others name as well, or its own. */
export class GateCompiler {
  constructor(private readonly parts: GateCompilerParts) {}

  /** @throws {InvalidOptionsError} naming both places where two differ */
  declare(): void {
    const { engine, owner } = this.parts;
    const { operation, policies } = owner;
    const { breakers, rateLimiters, bulkheads } = engine;
    const breaker = breakerOptions(policies.circuitBreaker);
    const limiter = rateLimiterOptions(policies.rateLimiter);
    const bulkhead = bulkheadOptions(policies.bulkhead);
    if (breaker.name !== undefined) breakers.declare(breaker.name, operation, breaker);
    if (limiter.name !== undefined) rateLimiters.declare(limiter.name, operation, limiter);
    if (bulkhead.name !== undefined) bulkheads.declare(bulkhead.name, operation, bulkhead);
  }

  /** @throws {InvalidOptionsError} naming method, field, value and what would be right */
  breaker(): GateStep {
    const { engine, owner } = this.parts;
    const written = breakerOptions(owner.policies.circuitBreaker);
    const { gate } = this.shared<CircuitBreakerOptions, Breaker>('circuitBreaker', engine.breakers, written);
    return this.step('circuitBreaker', gate);
  }

  /** @throws {InvalidOptionsError} naming method, field, value and what would be right */
  rateLimiter(): GateStep {
    const { engine, owner } = this.parts;
    const written = rateLimiterOptions(owner.policies.rateLimiter);
    const family = engine.rateLimiters;
    return this.step(
      'rateLimiter',
      this.shared<RateLimiterOptions, RateLimiterRule>('rateLimiter', family, written),
    );
  }

  /** @throws {InvalidOptionsError} naming method, field, value and what would be right */
  bulkhead(): GateStep {
    const { engine, owner } = this.parts;
    const written = bulkheadOptions(owner.policies.bulkhead);
    return this.step(
      'bulkhead',
      this.shared<BulkheadOptions, BulkheadRule>('bulkhead', engine.bulkheads, written),
    );
  }

  /** Options are read when asked for: another method may add to what a shared object runs under. */
  private step(word: GateWord, rule: Gate & { readonly name: string; readonly options: object }): GateStep {
    const get = (): object => ({ name: rule.name, ...rule.options });
    Object.defineProperty(this.parts.options, word, { enumerable: true, get });
    return { word, rule };
  }

  /** The object of that name, or one that belongs to this method alone. */
  private shared<O extends { readonly name?: string }, T>(
    policy: GateWord,
    family: SharedFamily<O, T>,
    written: Partial<O>,
  ): T {
    const { operation } = this.parts.owner;
    const found = this.parts.overrides[policy];
    // `false` takes the policy away and never gets here.
    const override = found === false ? undefined : (found as Partial<O> | undefined);
    const { name } = written;
    if (name === undefined) return family.own(operation, layered<Partial<O>>(written, override));
    if (override !== undefined) this.refuseOverride(policy, name);
    return family.claim(name, operation, written);
  }

  private refuseOverride(policy: GateWord, name: string): never {
    const check = new OptionCheck(policy, `overrides['${this.parts.owner.operation}']`);
    return check.refuse('name', name, 'is shared: one method cannot change it for the others');
  }
}
