import { OptionCheck } from '../core/check.js';
import type { Environment } from '../core/environment.js';
import { FallbackRule, resolveFallbackOptions } from '../policies/fallback/index.js';
import {
  resolveTimeLimiterOptions,
  TimeLimit,
  type TimeLimiterOptions,
} from '../policies/time-limiter/index.js';
import type { Engine } from './engine.js';
import { GateCompiler } from './gate-compiler.js';
import { IdempotentCompiler } from './idempotent-compiler.js';
import { layered } from './merge.js';
import { checkOrder, inOrder } from './order.js';
import type { FallbackRequest, MethodPolicyOptions, PolicyOverrides } from './policy-options.js';
import type { PolicyOwner } from './policy-owner.js';
import { RepeatCompiler } from './repeat-compiler.js';
import { timeLimiterOptions } from './short-forms.js';
import type { Step, StepWord } from './step.js';
import { checkForms } from './written-forms.js';

/** What a method's policies have become. */
export interface CompiledPolicies {
  /** The rules that run, outermost first. */
  readonly steps: readonly Step[];
  /** The resolved options of each policy, by its name. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** Makes rules of what is written on one method; each error names the method, the field and what would be right. */
export class Compiler {
  private readonly steps: Step[] = [];
  private readonly options: Record<string, unknown> = {};
  private readonly overrides: PolicyOverrides;
  private readonly environment: Environment;
  private readonly gates: GateCompiler;
  private readonly repeats: RepeatCompiler;
  private readonly guards: IdempotentCompiler;

  constructor(
    private readonly engine: Engine,
    private readonly owner: PolicyOwner,
  ) {
    const { operation, overrideKey = operation } = owner;
    this.overrides = owner.overrides ?? engine.options.overrides?.[overrideKey] ?? {};
    this.environment = engine.environment;
    const parts = { engine, owner, overrides: this.overrides, options: this.options };
    this.gates = new GateCompiler(parts);
    this.repeats = new RepeatCompiler(parts);
    this.guards = new IdempotentCompiler(parts);
  }

  /** @throws {InvalidOptionsError} naming method, field, value and what would be right */
  compile(): CompiledPolicies {
    const { policies, operation } = this.owner;
    checkForms(operation, policies);
    this.refuseIdleOverrides(policies);
    this.addSteps();
    const order = policies.order?.filter((word) => !this.isTakenAway(word));
    const words = this.steps.map((step) => step.word);
    if (order !== undefined) checkOrder(operation, order, words);
    const isEnabled = this.engine.options.enabled !== false;
    const steps = isEnabled ? this.steps : this.steps.filter((step) => staysWhenSwitchedOff(step));
    return { steps: inOrder(steps, order), options: this.options };
  }

  private addSteps(): void {
    const { fallback, idempotent } = this.owner.policies;
    if (fallback !== undefined) this.addFallback(fallback);
    if (idempotent !== undefined) this.steps.push(this.guards.idempotent(this.override('idempotent')));
    if (this.isOn('timeLimiter')) this.addLimits();
    if (this.isOn('retry')) this.steps.push(this.repeats.retry(this.override('retry')));
    if (this.isOn('hedge')) this.steps.push(this.repeats.hedge(this.override('hedge')));
    if (this.isOn('circuitBreaker')) this.steps.push(this.gates.breaker());
    if (this.isOn('rateLimiter')) this.steps.push(this.gates.rateLimiter());
    if (this.isOn('bulkhead')) this.steps.push(this.gates.bulkhead());
  }

  /**
   * Lays what this method says of shared objects to what others say, before any of them is made.
   *
   * @throws {InvalidOptionsError} naming both places where two differ
   */
  declare(): void {
    checkForms(this.owner.operation, this.owner.policies);
    this.gates.declare();
  }

  private isOn(policy: keyof PolicyOverrides): boolean {
    return this.owner.policies[policy] !== undefined && this.overrides[policy] !== false;
  }

  /** An override that has nothing to change would be silently without effect. */
  private refuseIdleOverrides(policies: MethodPolicyOptions): void {
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

  /** Whether the module has taken a step away that the method's own order may still name. */
  private isTakenAway(word: StepWord): boolean {
    const policy = word === 'attemptTimeout' || word === 'totalTimeout' ? 'timeLimiter' : word;
    return this.overrides[policy as keyof PolicyOverrides] === false;
  }
}

/** What the kill switch leaves in place: an answer in the place of a failure, and the promise of one effect. */
function staysWhenSwitchedOff({ word }: Step): boolean {
  return word === 'fallback' || word === 'idempotent';
}
