import type { ResilienceEvent } from '../../core/events.js';
import type { AlertNotice } from './alert-notice.js';
import type { ResolvedAlertOptions } from './alerts.options.js';
import { BreakersWatch } from './breakers-watch.js';
import { GiveUpsWatch } from './give-ups-watch.js';

const NOTHING: readonly AlertNotice[] = [];

/** The kinds of events that mean anything to the rule. */
export const ALERTING = ['circuit-breaker.state-changed', 'retry.gave-up'] as const;

/**
 * Tells when a breaker stays open, or calls are given up, for so long that recovery seems impossible, and when that
 * is over; each once. It is told of events and asked at times, and keeps no timer: `dueMs` says when to ask.
 */
export class AlertsRule {
  private readonly breakers: BreakersWatch;
  private readonly giveUps: GiveUpsWatch;

  constructor(options: ResolvedAlertOptions) {
    this.breakers = new BreakersWatch(options);
    this.giveUps = new GiveUpsWatch(options);
  }

  /** Takes note; `source` tells apart breakers of one name. Answers with what there is to tell by now, in order. */
  told(event: ResilienceEvent, source: object | undefined, nowMs: number): readonly AlertNotice[] {
    if (event.kind === 'circuit-breaker.state-changed') {
      return this.breakers.changed(source ?? event.policy, event, nowMs);
    }
    return event.kind === 'retry.gave-up' ? this.giveUps.gaveUp(event.operation, nowMs) : NOTHING;
  }

  /** What there is to tell by now. */
  decide(nowMs: number): readonly AlertNotice[] {
    return [...this.breakers.decide(nowMs), ...this.giveUps.decide(nowMs)];
  }

  /** Monotonic time at which there may be something to tell; `Infinity` where nothing lasts. */
  get dueMs(): number {
    return Math.min(this.breakers.dueMs, this.giveUps.dueMs);
  }
}
