import { createEnvironment, ApplicationLifetime } from '../../lib/core/environment.js';
import { EventHub } from '../../lib/core/event-hub.js';
import type { RetryBudget } from '../../lib/core/retry-budget.js';
import { type CallFacts, Scope } from '../../lib/core/scope.js';
import {
  type RetryOptions,
  RetryRule,
  type RetryRun,
  resolveRetryOptions,
} from '../../lib/policies/retry/index.js';
import { EventRecorder } from '../../lib/testing/event-recorder.js';
import { ManualClock, type ManualClockOptions } from '../../lib/testing/manual-clock.js';

export const OPERATION = 'Orders.place';

/** What the cases hold unless they say otherwise: no budget, no jitter. */
export function caseOptions(options: RetryOptions = {}): RetryOptions {
  return { budget: false, ...options, backoff: { jitter: 'none', ...options.backoff } };
}

/** How one call went. */
export interface Outcome {
  value?: unknown;
  error?: unknown;
  /** When it ended. */
  endedMs?: number;
  /** When its executions began. */
  readonly runsAt: number[];
}

/** What a method does at one of its executions, told by its number. */
export type Behaviour = (execution: number, call: Scope) => unknown;

/** An application in miniature: clock, events, lifetime, and calls that are retried by a rule. */
export class RetryWorld {
  readonly clock: ManualClock;
  readonly hub: EventHub;
  readonly events: EventRecorder;
  readonly lifetime = new ApplicationLifetime();
  readonly reports: unknown[] = [];
  readonly environment;

  constructor(options: ManualClockOptions = {}) {
    this.clock = new ManualClock(options);
    this.hub = new EventHub(this.clock);
    this.events = new EventRecorder(this.hub);
    this.hub.onReport((_what, error) => this.reports.push(error));
    this.environment = createEnvironment(this.clock, this.hub, this.lifetime);
  }

  /** A rule with the library's defaults under the given options, and this budget. */
  rule(options: RetryOptions, budget?: RetryBudget): RetryRule {
    const resolved = resolveRetryOptions(OPERATION, options);
    return new RetryRule({ name: 'retry', options: resolved, environment: this.environment, budget });
  }

  /** The scope of a call that begins now. */
  scope(given: { deadlineMs?: number; isUnsafe?: boolean } = {}): Scope {
    const facts: CallFacts = {
      operation: OPERATION,
      args: [],
      clock: this.clock,
      startedMs: this.clock.nowMs(),
      isUnsafe: given.isUnsafe ?? false,
      canBeAborted: true,
      attempts: 1,
    };
    return new Scope(facts, given.deadlineMs ?? Number.POSITIVE_INFINITY);
  }

  /** Begins a call that the rule retries; the outcome fills while the clock moves. */
  start(rule: RetryRule, behaviour: Behaviour, scope = this.scope()): Outcome {
    const outcome: Outcome = { runsAt: [] };
    void this.run({ rule, behaviour, scope, outcome });
    return outcome;
  }

  /** Makes a call and lets time pass until it has ended. */
  async call(rule: RetryRule, behaviour: Behaviour, scope = this.scope()): Promise<Outcome> {
    const outcome = this.start(rule, behaviour, scope);
    await this.clock.runAll();
    return outcome;
  }

  private async run(parts: {
    rule: RetryRule;
    behaviour: Behaviour;
    scope: Scope;
    outcome: Outcome;
  }): Promise<void> {
    const { scope, outcome } = parts;
    const run = parts.rule.begin(scope);
    for (;;) {
      const settled = await this.execute(parts, run);
      const { decision } = settled;
      Object.assign(outcome, settled.result);
      const end = decision.kind === 'done' ? 'done' : await this.wait(decision.delayMs, scope);
      if (end !== 'elapsed') {
        if (end !== 'done') run.delayEnded(end);
        if (end === 'aborted') outcome.error = scope.cancellation.reason;
        outcome.endedMs = this.clock.nowMs();
        return;
      }
      delete outcome.error;
      delete outcome.value;
      run.nextAttempt();
    }
  }

  private async execute(parts: { behaviour: Behaviour; scope: Scope; outcome: Outcome }, run: RetryRun) {
    const { scope, outcome } = parts;
    outcome.runsAt.push(this.clock.nowMs());
    try {
      const value = await parts.behaviour(run.attempt, scope);
      return { decision: run.decideValue(value, scope), result: { value } };
    } catch (error) {
      return { decision: run.decideError(error, scope), result: { error } };
    }
  }

  private wait(delayMs: number, scope: Scope): Promise<'elapsed' | 'aborted' | 'shutdown'> {
    return new Promise((resolve) => {
      const timer = this.clock.schedule(delayMs, () => resolve('elapsed'));
      const end = (reason: 'aborted' | 'shutdown') => (): void => {
        timer.cancel();
        resolve(reason);
      };
      scope.cancellation.onCancel(end('aborted'));
      this.lifetime.onClosing(end('shutdown'));
    });
  }
}

/** An error that carries an HTTP status, a new one each time. */
export function httpError(status = 503, headers?: Readonly<Record<string, string>>): Error {
  return Object.assign(new Error(`status ${status}`), { status }, headers === undefined ? {} : { headers });
}

/** Outcomes of executions in order, the last one repeated: a number fails with that status, a text is returned. */
export function outcomes(...list: readonly (number | string | Error)[]): Behaviour {
  return (execution) => {
    const each = list[Math.min(execution, list.length) - 1];
    if (typeof each === 'number') throw httpError(each);
    if (each instanceof Error) throw each;
    return each;
  };
}

/** Always fails with 503. */
export const FAILS = outcomes(503);
