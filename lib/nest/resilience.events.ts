import type { EventHub, ResilienceEvent } from '../core/index.js';
import { GuardedObservable } from './guarded-observable.js';

/**
 * The events of one application, in the order in which they happen. What a subscriber throws is reported and
 * changes nothing: neither the call nor what other subscribers get. Completes when the application has closed.
 */
export class ResilienceEvents extends GuardedObservable<ResilienceEvent> {
  private readonly ends = new Set<() => void>();
  private isComplete = false;

  constructor(hub: EventHub) {
    const report = (error: unknown): void => hub.report('a subscriber of ResilienceEvents', error);
    super(report, (subscriber) => {
      const stop = this.isComplete ? undefined : hub.listen((event) => subscriber.next(event));
      const end = (): void => subscriber.complete();
      if (stop === undefined) end();
      else this.ends.add(end);
      return () => {
        stop?.();
        this.ends.delete(end);
      };
    });
  }

  /** Completes the stream for all who listen, and for all who will. */
  complete(): void {
    this.isComplete = true;
    for (const end of this.ends) end();
  }
}
