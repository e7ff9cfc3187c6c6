import { Observable, type Observer, type Operator, type Subscriber, type Subscription } from 'rxjs';

type Next<T> = (value: T) => void;
type Report = (error: unknown) => void;

/**
 * An Observable that its subscribers cannot harm: what they throw is reported, where RxJS would throw it in a turn
 * of its own and end the process. What operators make of it is guarded as well.
 */
export class GuardedObservable<T> extends Observable<T> {
  constructor(
    private readonly report: Report,
    begin?: (subscriber: Subscriber<T>) => () => void,
  ) {
    super(begin);
  }

  // RxJS's own way for a subclass to stay itself under operators; `Subject` uses it as well.
  override lift<R>(operator?: Operator<T, R>): Observable<R> {
    const lifted = new GuardedObservable<R>(this.report);
    lifted.source = this;
    lifted.operator = operator;
    return lifted;
  }

  override subscribe(
    observerOrNext?: Partial<Observer<T>> | Next<T> | null,
    error?: ((error: unknown) => void) | null,
    complete?: (() => void) | null,
  ): Subscription {
    if (typeof observerOrNext !== 'object' || observerOrNext === null) {
      return super.subscribe(this.guarded({ next: observerOrNext, error, complete }));
    }
    // An operator's subscriber hands its errors on, and must stay the one that RxJS unsubscribes.
    return super.subscribe(isSubscriber(observerOrNext) ? observerOrNext : this.guarded(observerOrNext));
  }

  private guarded(observer: Handlers<T>): Observer<T> {
    const safely = (tell: () => void): void => {
      try {
        tell();
      } catch (error) {
        this.report(error);
      }
    };
    return {
      next: (value) => safely(() => observer.next?.(value)),
      error: (error: unknown) => safely(() => (observer.error ?? this.report)(error)),
      complete: () => safely(() => observer.complete?.()),
    };
  }
}

interface Handlers<T> {
  next?: Next<T> | null | undefined;
  error?: ((error: unknown) => void) | null | undefined;
  complete?: (() => void) | null | undefined;
}

function isSubscriber<T>(observer: Partial<Observer<T>>): observer is Subscriber<T> {
  return 'unsubscribe' in observer && 'add' in observer;
}
