import { Ambient } from './ambient.js';
import { CallWatch } from './call-watch.js';
import type { Clock } from './clock.js';
import type { EventSink } from './events.js';
import { Lanes } from './lane.js';
import { PassingList } from './passing-list.js';

/** How long delays may still begin and be waited for. */
export interface Lifetime {
  /** Whether the application is closing: no retry starts, no delay begins. */
  readonly isClosing: boolean;
  /** Calls back once when the closing begins, at once where it has; answers how to take it back. */
  onClosing(listener: () => void): () => void;
}

/** What rules and shells need of the application they run in; two applications share none of it. */
export interface Environment {
  /** Time, chance and timers. */
  readonly clock: Clock;
  /** Where rules put their events. */
  readonly events: EventSink;
  /** Whether the application is closing. */
  readonly lifetime: Lifetime;
  /** Who wants to know of every call that has ended. */
  readonly calls: CallWatch;
  /** The running time limits. */
  readonly lanes: Lanes;
  /** The limited call around the running code. */
  readonly ambient: Ambient;
}

/** The life of one application. */
export class ApplicationLifetime implements Lifetime {
  private closing = false;
  private readonly listeners = new PassingList<() => void>();

  /** Whether the closing has begun. */
  get isClosing(): boolean {
    return this.closing;
  }

  /** Calls back once when the closing begins, at once where it has; answers how to take it back. */
  onClosing(listener: () => void): () => void {
    if (this.closing) {
      listener();
      return () => undefined;
    }
    return this.listeners.enter(listener);
  }

  /** Ends all delays that are waited for; later calls change nothing. */
  close(): void {
    if (this.closing) return;
    this.closing = true;
    for (let next = this.listeners.takeFirst(); next !== undefined; next = this.listeners.takeFirst()) next();
  }
}

/** An environment of its own around a clock and a place for events. */
export function createEnvironment(clock: Clock, events: EventSink, lifetime: Lifetime): Environment {
  const calls = new CallWatch(clock, events);
  return { clock, events, lifetime, calls, lanes: new Lanes(clock), ambient: new Ambient() };
}
