import { Logger } from '@nestjs/common';
import type { Environment, EventHub, ResilienceEvent } from '../core/index.js';
import { EVENT_KINDS, factOf, TOLD_KINDS } from './resilience.logger-facts.js';
import { type LoggedFact, LoggedRepeats } from './resilience.logger-repeats.js';
import type { ResilienceLogLevels } from './resilience.logger.options.js';

/** What others wrote is shown up to here. */
const LONGEST_LINE = 300;
/** Characters that end a line, move the cursor or turn the direction of the text: a message could forge lines. */
const UNPRINTABLE = /[\p{Cc}\u2028-\u202E\u2066-\u2069]+/gu;

/**
 * Tells through Nest's `Logger` what a person on call wants to know, on the level of its severity: when a breaker
 * changes its state, an alert is raised, a retry budget runs dry, a bulkhead is full, calls time out, are given up or
 * answered by a fallback, or the idempotency store fails. What comes again is told in one line per window, never a
 * line per call.
 */
export class ResilienceLogger {
  private readonly logger = new Logger('Resilience');
  private readonly repeats: LoggedRepeats;

  /** @param levels by kind of event, where a kind should be told otherwise or not at all */
  constructor(
    hub: EventHub,
    environment: Pick<Environment, 'clock' | 'lifetime'>,
    private readonly levels: ResilienceLogLevels = {},
  ) {
    this.repeats = new LoggedRepeats(environment, (fact) => this.write(fact));
    hub.listen((event) => this.hear(event), wantedKinds(levels));
    hub.onReport((what, error) => this.hearReport(what, error));
  }

  private hear(event: ResilienceEvent): void {
    const { kind } = event;
    const found = factOf(event, this.levels[kind] || undefined);
    if (found === undefined) return;
    const { fact, isSingle } = found;
    if (isSingle) this.write(fact);
    else this.repeats.add(fact, { ...fact, key: kind, text: `${kind} of further operations` });
  }

  private hearReport(what: string, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    const fact = {
      key: `report ${what}`,
      level: 'warn',
      text: `${what} threw and was ignored: ${reason}`,
    } as const;
    this.repeats.add(fact, { ...fact, key: 'report', text: 'further callbacks threw and were ignored' });
  }

  private write({ level, text }: LoggedFact): void {
    const line = text.replace(UNPRINTABLE, ' ');
    this.logger[level](line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}…` : line);
  }
}

/** No event is made of a kind that nobody is told of. */
function wantedKinds(levels: ResilienceLogLevels): readonly ResilienceEvent['kind'][] {
  return EVENT_KINDS.filter(
    (kind) => levels[kind] !== false && (levels[kind] !== undefined || TOLD_KINDS.includes(kind)),
  );
}
