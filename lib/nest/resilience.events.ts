import { Observable, type Observer, type Subscription } from 'rxjs';
import type { EventHub, ResilienceEvent } from '../core/index.js';

type Next = (event: ResilienceEvent) => void;

/**
 * The events of one application, in the order in which they happen. What a subscriber throws is reported and
 * changes nothing: neither the call nor what other subscribers get. Completes when the application has closed.
 */
export class ResilienceEvents extends Observable<ResilienceEvent> {
  private readonly ends = new Set<() => void>();

  constructor(private readonly hub: EventHub) {
    super((subscriber) => {
      const stop = hub.listen((event) => subscriber.next(event));
      const end = (): void => subscriber.complete();
      this.ends.add(end);
      return () => {
        stop();
        this.ends.delete(end);
      };
    });
  }

  override subscribe(observerOrNext?: Partial<Observer<ResilienceEvent>> | Next | null): Subscription {
    if (typeof observerOrNext === 'function') return super.subscribe(this.guarded(observerOrNext));
    const next = observerOrNext?.next;
    if (next === undefined) return super.subscribe(observerOrNext ?? {});
    const guarded = this.guarded((event) => next.call(observerOrNext, event));
    return super.subscribe({
      next: guarded,
      error: (error: unknown) => observerOrNext?.error?.(error),
      complete: () => observerOrNext?.complete?.(),
    });
  }

  /** Completes the stream for all who listen. */
  complete(): void {
    for (const end of this.ends) end();
  }

  /** RxJS would throw it in a turn of its own, where it ends the process. */
  private guarded(next: Next): Next {
    return (event) => {
      try {
        next(event);
      } catch (error) {
        this.hub.report(`a subscriber of ${event.kind}`, error);
      }
    };
  }
}
