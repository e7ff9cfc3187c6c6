import type { Environment, EventHub, ResilienceEvent, Timer } from '../core/index.js';
import {
  ALERTING,
  type AlertNotice,
  AlertsRule,
  type ResolvedAlertOptions,
} from '../policies/alerts/index.js';

const NEVER = Number.POSITIVE_INFINITY;

/**
 * Raises and clears the alerts of one application until it closes. They are told in a turn of their own, after the
 * event that caused them and outside of every call; its timers do not keep the process alive.
 */
export class AlertMonitor {
  private readonly rule: AlertsRule;
  private readonly stopListening: () => void;
  private untold: AlertNotice[] = [];
  private timer: Timer | undefined;
  private timerDueMs = NEVER;

  constructor(
    private readonly events: EventHub,
    private readonly environment: Environment,
    options: ResolvedAlertOptions,
  ) {
    this.rule = new AlertsRule(options);
    this.stopListening = events.listen((event, source) => this.hear(event, source), ALERTING);
    environment.lifetime.onClosing(() => this.stop());
  }

  /** Tells what is left to tell, and nothing any more. */
  private stop(): void {
    this.stopListening();
    this.disarm();
    this.tell();
  }

  private hear(event: ResilienceEvent, source: object | undefined): void {
    this.untold.push(...this.rule.told(event, source, this.environment.clock.nowMs()));
    this.plan();
  }

  private ring(): void {
    this.disarm();
    this.untold.push(...this.rule.decide(this.environment.clock.nowMs()));
    this.tell();
    if (!this.environment.lifetime.isClosing) this.plan();
  }

  private tell(): void {
    const notices = this.untold;
    this.untold = [];
    for (const notice of notices) this.events.emit(notice);
  }

  /** A timer that rings too early only asks once more; one that would ring for nothing is taken away. */
  private plan(): void {
    const nowMs = this.environment.clock.nowMs();
    const dueMs = this.untold.length > 0 ? nowMs : this.rule.dueMs;
    if (dueMs === NEVER) return this.disarm();
    if (this.timerDueMs <= dueMs) return;
    this.disarm();
    this.timerDueMs = dueMs;
    this.timer = this.environment.clock.schedule(Math.max(0, dueMs - nowMs), () => this.ring(), {
      idle: true,
    });
  }

  private disarm(): void {
    this.timer?.cancel();
    this.timer = undefined;
    this.timerDueMs = NEVER;
  }
}
