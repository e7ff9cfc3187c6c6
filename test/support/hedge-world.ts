import { ApplicationLifetime, createEnvironment } from '../../lib/core/environment.js';
import { EventHub } from '../../lib/core/event-hub.js';
import type { RetryBudget } from '../../lib/core/retry-budget.js';
import { Scope } from '../../lib/core/scope.js';
import { CallRecord } from '../../lib/pipeline/call-record.js';
import { hedgeLayer } from '../../lib/pipeline/promise-hedge.js';
import type { PromiseNext } from '../../lib/pipeline/promise-layers.js';
import { type HedgeOptions, HedgeRule, resolveHedgeOptions } from '../../lib/policies/hedge/index.js';
import {
  type RetryBudgetOptions,
  RetryBudgetRule,
  resolveRetryBudgetOptions,
} from '../../lib/policies/retry-budget/index.js';
import { EventRecorder } from '../../lib/testing/event-recorder.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';

export const OPERATION = 'Quotes.get';

/** How one call went. */
export interface HedgedOutcome {
  value?: unknown;
  error?: unknown;
  endedMs?: number;
}

/** What one execution does. */
export type Execution = (call: Scope) => Promise<unknown>;

export interface HedgeGiven {
  readonly budget?: RetryBudget | undefined;
  readonly deposits?: boolean;
}

export interface CallGiven {
  readonly deadlineMs?: number;
  readonly isUnsafe?: boolean;
  readonly canBeAborted?: boolean;
}

/** An application in miniature: a clock that stands still, and everything that happens on record. */
export class HedgeWorld {
  readonly clock = new ManualClock();
  readonly hub = new EventHub(this.clock);
  readonly events = new EventRecorder(this.hub);
  readonly lifetime = new ApplicationLifetime();
  readonly environment = createEnvironment(this.clock, this.hub, this.lifetime);
  /** When executions began, and in which scope. */
  readonly runsAt: number[] = [];
  readonly calls: Scope[] = [];

  budget(options: RetryBudgetOptions = {}): RetryBudgetRule {
    return new RetryBudgetRule('default', resolveRetryBudgetOptions('default', options), this.clock);
  }

  rule(options: HedgeOptions, { budget, deposits = true }: HedgeGiven = {}): HedgeRule {
    const resolved = resolveHedgeOptions(OPERATION, options);
    return new HedgeRule({
      name: 'hedge',
      options: resolved,
      environment: this.environment,
      budget,
      deposits,
    });
  }

  /** A method whose executions do this in turn, the last one repeated. */
  method(...executions: readonly Execution[]): PromiseNext {
    let number = 0;
    return (call) => {
      this.runsAt.push(this.clock.nowMs());
      this.calls.push(call);
      const execution = executions[Math.min(number, executions.length - 1)];
      number += 1;
      return execution === undefined ? Promise.resolve() : execution(call);
    };
  }

  record({ isUnsafe = false, canBeAborted = false }: CallGiven = {}): CallRecord {
    return new CallRecord({
      operation: OPERATION,
      environment: this.environment,
      self: undefined,
      args: [],
      isUnsafe,
      startedMs: this.clock.nowMs(),
      canBeAborted,
    });
  }

  /** Begins a call; the outcome fills while the clock moves. */
  start(layer: PromiseNext, given: CallGiven = {}): { outcome: HedgedOutcome; scope: Scope } {
    const record = this.record(given);
    const scope = new Scope(record, given.deadlineMs ?? Number.POSITIVE_INFINITY);
    const outcome: HedgedOutcome = {};
    const end = (result: HedgedOutcome): void => {
      Object.assign(outcome, result, { endedMs: this.clock.nowMs() });
    };
    layer(scope, record).then(
      (value) => end({ value }),
      (error: unknown) => end({ error }),
    );
    return { outcome, scope };
  }

  /** Makes a call and lets time pass until nothing is planned any more. */
  async call(layer: PromiseNext, given: CallGiven = {}): Promise<HedgedOutcome> {
    const { outcome } = this.start(layer, given);
    await this.clock.runAll();
    return outcome;
  }

  /** A call of a method with this hedge alone. */
  async hedged(options: HedgeOptions, ...executions: readonly Execution[]): Promise<HedgedOutcome> {
    return this.call(this.layer(this.rule(options), ...executions));
  }

  layer(rule: HedgeRule, ...executions: readonly Execution[]): PromiseNext {
    return this.layerAround(rule, this.method(...executions));
  }

  layerAround(rule: HedgeRule, next: PromiseNext): PromiseNext {
    return hedgeLayer(rule, this.environment, next);
  }

  /** An execution that succeeds after this time. */
  takes(ms: number, value: unknown = `after ${ms}`): Execution {
    return () => new Promise((resolve) => this.clock.schedule(ms, () => resolve(value)));
  }

  /** An execution that fails after this time. */
  fails(ms: number, error: unknown = new Error(`after ${ms}`)): Execution {
    return () => new Promise((_, reject) => this.clock.schedule(ms, () => reject(error)));
  }

  /** An execution that ends with its signal's reason, as soon as that aborts. */
  untilAborted(): Execution {
    return ({ signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      });
  }
}
