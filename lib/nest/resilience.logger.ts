import { Logger } from '@nestjs/common';
import type {
  AlertClearedEvent,
  AlertRaisedEvent,
  CircuitBreakerStateChangedEvent,
  EventHub,
  ResilienceEvent,
} from '../core/index.js';

/** Facts of one kind and policy are told at most this often. */
const QUIET_MS = 10_000;

const TOLD = ['circuit-breaker.state-changed', 'alert.raised', 'alert.cleared', 'budget.refused'] as const;

/**
 * Tells through Nest's `Logger` what a person on call wants to know: when a breaker changes its state, when an
 * alert is raised, when a retry budget runs dry, and when a callback of the application throws. Never a line per call.
 */
export class ResilienceLogger {
  private readonly logger = new Logger('Resilience');
  private readonly lastToldMs = new Map<string, number>();

  constructor(hub: EventHub) {
    hub.listen((event) => this.tell(event), TOLD);
    hub.onReport((what, error) => this.tellReport(what, error));
  }

  private tell(event: ResilienceEvent): void {
    if (event.kind === 'circuit-breaker.state-changed') return this.tellState(event);
    if (event.kind === 'alert.raised') return this.tellAlert(event);
    if (event.kind === 'alert.cleared') return this.logger.log(`alert of ${subjectOf(event)} is over`);
    if (event.kind !== 'budget.refused' || !this.isDue(`budget ${event.budget}`, event.timestampMs)) return;
    this.logger.warn(
      `retry budget "${event.budget}" is empty: ${event.operation} and others are not retried`,
    );
  }

  private tellState({ policy, from, to, failureRate, waitMs }: CircuitBreakerStateChangedEvent): void {
    const rate = `${Math.round(failureRate * 100)} % of calls failed`;
    const wait = waitMs === undefined ? '' : `, probes after ${waitMs} ms`;
    const fact = `circuit breaker "${policy}": ${from} → ${to}`;
    if (to === 'open' || to === 'forced-open') this.logger.warn(`${fact} (${rate}${wait})`);
    else this.logger.log(fact);
  }

  private tellAlert(event: AlertRaisedEvent): void {
    const { alert, giveUps, state, lastingMs } = event;
    const fact = alert === 'give-ups' ? `${giveUps} calls were given up within` : `${state}, not closed for`;
    this.logger.error(`alert of ${subjectOf(event)}: ${fact} ${lastingMs} ms`);
  }

  private tellReport(what: string, error: unknown): void {
    this.logger.warn(
      `${what} threw and was ignored: ${error instanceof Error ? error.message : String(error)}`,
    );
  }

  private isDue(fact: string, nowMs: number): boolean {
    const last = this.lastToldMs.get(fact);
    if (last !== undefined && nowMs - last < QUIET_MS) return false;
    this.lastToldMs.set(fact, nowMs);
    return true;
  }
}

function subjectOf({ alert, policy, keyed }: AlertRaisedEvent | AlertClearedEvent): string {
  if (alert === 'give-ups') return 'retries';
  return `circuit breaker "${policy}"${keyed === true ? ' (one of its keys)' : ''}`;
}
