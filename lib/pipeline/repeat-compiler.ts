import { OptionCheck } from '../core/check.js';
import type { RetryBudget } from '../core/retry-budget.js';
import { type HedgeOptions, HedgeRule, resolveHedgeOptions } from '../policies/hedge/index.js';
import { resolveRetryOptions, type RetryOptions, RetryRule } from '../policies/retry/index.js';
import type { GateCompilerParts } from './gate-compiler.js';
import { layered } from './merge.js';
import { hedgeOptions, retryOptions } from './short-forms.js';
import type { Step } from './step.js';

/** Makes the rules of one method that may call it more than once, and finds the budget that bounds them. */
export class RepeatCompiler {
  /** The budget of the method's retry; its hedges take from the same. */
  private retryBudget: RetryBudget | undefined;
  private hasRetry = false;

  constructor(private readonly parts: GateCompilerParts) {}

  /** @throws {InvalidOptionsError} naming method, field, value and what would be right */
  retry(override: RetryOptions | undefined): Step {
    const { engine, owner } = this.parts;
    const { environment } = engine;
    const written = retryOptions(owner.policies.retry);
    const name = override?.name ?? written.name;
    const named = name === undefined ? undefined : this.namedRetry(name);
    const together = layered<RetryOptions>(engine.options.defaults?.retry, named, written, override);
    const options = resolveRetryOptions(owner.operation, together);
    this.hasRetry = true;
    this.retryBudget = options.budget === false ? undefined : this.budget('retry', options.budget);
    this.parts.options['retry'] = options;
    const rule = new RetryRule({ name: name ?? 'retry', options, environment, budget: this.retryBudget });
    return { word: 'retry', rule };
  }

  /**
   * Made after the retry, whose budget is its own unless it names another.
   *
   * @throws {InvalidOptionsError} naming method, field, value and what would be right
   */
  hedge(override: HedgeOptions | undefined): Step {
    const { engine, owner } = this.parts;
    const { environment } = engine;
    const written = hedgeOptions(owner.policies.hedge);
    const together = layered<HedgeOptions>(engine.options.defaults?.hedge, written, override);
    const options = resolveHedgeOptions(owner.operation, together);
    const budget = this.hedgeBudget(options.budget);
    // Where the retry has the same budget, it is the retry that pays first successes in.
    const deposits = budget !== this.retryBudget;
    this.parts.options['hedge'] = options;
    return { word: 'hedge', rule: new HedgeRule({ name: 'hedge', options, environment, budget, deposits }) };
  }

  private hedgeBudget(name: string | false | undefined): RetryBudget | undefined {
    if (name === false) return undefined;
    if (name === undefined && this.hasRetry) return this.retryBudget;
    return this.budget('hedge', name ?? 'default');
  }

  private namedRetry(name: string): RetryOptions | undefined {
    const { engine, owner } = this.parts;
    const found = engine.retryNamed(name);
    if (found !== undefined || engine.options.isLenient === true) return found;
    const known = engine.retryNames.join(', ') || 'none';
    const check = new OptionCheck('retry', owner.operation);
    return check.refuse('name', name, `must name a retry of the module (known: ${known})`);
  }

  private budget(policy: 'retry' | 'hedge', name: string): RetryBudget {
    const { engine, owner } = this.parts;
    const { budgets, options } = engine;
    const found = budgets.find(name);
    if (found !== undefined) return found;
    if (options.isLenient === true) {
      engine.addBudget(name, `retryBudgets.${name}`, {});
      return budgets.get(name);
    }
    const check = new OptionCheck(policy, owner.operation);
    return check.refuse('budget', name, `must name a retry budget of the module (known: ${budgets.known})`);
  }
}
