import { fieldOf } from './error-facts.js';
import type { EventSink } from './events.js';

/**
 * Tells a user's callback something. It is not waited for; what it throws or rejects with is reported and
 * changes nothing.
 */
export function tell<C>(
  events: EventSink,
  what: string,
  callback: ((context: C) => unknown) | undefined,
  context: C,
): void {
  if (callback === undefined) return;
  try {
    ignore(callback(context), events, what);
  } catch (error) {
    events.report(what, error);
  }
}

/** Asks a user's predicate; one that throws is reported and means no. A promise is reported too, and is a yes. */
export function ask(events: EventSink, what: string, question: () => unknown): boolean {
  try {
    const answer = question();
    if (typeof fieldOf(answer, 'then') === 'function') {
      events.report(what, new TypeError('it gave a promise, which counts as yes: it must answer at once'));
      ignore(answer, events, what);
    }
    return Boolean(answer);
  } catch (error) {
    events.report(what, error);
    return false;
  }
}

/** Takes care that what nobody waits for leaves no unhandled rejection. */
export function ignore(outcome: unknown, events: EventSink, what: string): void {
  const then = fieldOf(outcome, 'then');
  if (typeof then === 'function')
    then.call(outcome, undefined, (error: unknown) => events.report(what, error));
}
