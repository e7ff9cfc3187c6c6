import { Observable, type Observer, type Subscriber, Subscription } from 'rxjs';
import type { Scope } from '../core/scope.js';
import { Sequence, type StreamLog } from '../pipeline/index.js';

type Stream = Observable<unknown>;

/** Takes a stream in, to its end or until the log is over; then the rest of it is live. */
export function collect(source: Stream, log: StreamLog, scope?: Scope): Promise<Sequence<Stream>> {
  return new Promise((resolve, reject) => {
    const subscription = new Subscription();
    const tail = new Tail(subscription);
    const intake: Observer<unknown> = {
      next: (value) => log.add(value),
      error: (error: unknown) => {
        log.endWith(error);
        reject(error);
      },
      complete: () => resolve(new Sequence(log.items, { kind: 'complete' }, log)),
    };
    let receiver = intake;
    log.whenOver(() => {
      receiver = tail;
      resolve(new Sequence(log.items, { kind: 'live', rest: tail.stream }, log));
    });
    const stop = scope?.cancellation.onCancel((reason) => {
      reject(reason);
      subscription.unsubscribe();
    });
    subscription.add(stop);
    const taken: Observer<unknown> = {
      next: (value) => receiver.next(value),
      error: (error: unknown) => receiver.error(error),
      complete: () => receiver.complete(),
    };
    if (!subscription.closed) subscription.add(source.subscribe(taken));
  });
}

/** What still comes of a stream: kept until its one subscriber is there, and then sent as it comes. */
class Tail implements Observer<unknown> {
  readonly stream: Stream = new Observable((subscriber) => this.takenBy(subscriber));
  private waiting: ((receiver: Observer<unknown>) => void)[] = [];
  private receiver: Observer<unknown> | undefined;

  constructor(private readonly source: Subscription) {}

  next(value: unknown): void {
    this.tell((receiver) => receiver.next(value));
  }

  error(error: unknown): void {
    this.tell((receiver) => receiver.error(error));
  }

  complete(): void {
    this.tell((receiver) => receiver.complete());
  }

  private tell(what: (receiver: Observer<unknown>) => void): void {
    if (this.receiver === undefined) this.waiting.push(what);
    else what(this.receiver);
  }

  private takenBy(subscriber: Subscriber<unknown>): void {
    subscriber.add(() => {
      this.waiting = [];
      this.source.unsubscribe();
    });
    // What is sent from within these comes after them.
    for (let what = this.waiting.shift(); what !== undefined; what = this.waiting.shift()) what(subscriber);
    this.receiver = subscriber;
  }
}
