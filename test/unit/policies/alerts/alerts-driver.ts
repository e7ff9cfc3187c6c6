import type { CircuitBreakerState, ResilienceEvent } from '../../../../lib/core/events.js';
import {
  type AlertNotice,
  type AlertOptions,
  AlertsRule,
  resolveAlertOptions,
} from '../../../../lib/policies/alerts/index.js';

/** A rule, and what it told, each time with the moment. */
export class AlertsDriver {
  readonly rule: AlertsRule;
  readonly told: string[] = [];
  readonly notices: AlertNotice[] = [];
  private readonly states = new Map<object | string, CircuitBreakerState>();

  constructor(options: AlertOptions = {}) {
    this.rule = new AlertsRule(resolveAlertOptions('test', options));
  }

  /** The breaker, or that of a key, goes to a state; nobody asked the rule in between. */
  become(atMs: number, to: CircuitBreakerState, breaker: object | string = 'bank'): void {
    const from = this.states.get(breaker) ?? 'closed';
    this.states.set(breaker, to);
    const keyed = typeof breaker === 'object';
    const policy = keyed ? 'shards' : breaker;
    const base = { operation: 'Orders.place', policy, timestampMs: 0 };
    const event = {
      ...base,
      kind: 'circuit-breaker.state-changed',
      from,
      to,
      keyed,
      failureRate: 1,
    } as const;
    this.hear(event, keyed ? breaker : undefined, atMs);
  }

  giveUp(atMs: number, operation = 'Orders.place'): void {
    const facts = { attempts: 3, elapsedMs: 0, reason: 'exhausted' } as const;
    this.hear(
      { kind: 'retry.gave-up', operation, policy: 'retry', timestampMs: 0, ...facts },
      undefined,
      atMs,
    );
  }

  /** Asks the rule whenever it wants to be asked, up to this moment. */
  until(atMs: number): void {
    for (let dueMs = this.rule.dueMs; dueMs <= atMs; dueMs = this.rule.dueMs) {
      this.note(this.rule.decide(dueMs), dueMs);
      if (this.rule.dueMs === dueMs)
        throw new Error(`the rule wants to be asked again and again at ${dueMs}`);
    }
  }

  private hear(event: ResilienceEvent, source: object | undefined, atMs: number): void {
    this.note(this.rule.told(event, source, atMs), atMs);
  }

  private note(notices: readonly AlertNotice[], atMs: number): void {
    this.notices.push(...notices);
    for (const { kind, alert, policy } of notices) this.told.push(`${atMs} ${kind} ${alert} ${policy}`);
  }
}
