import { type MonoTypeOperatorFunction, Observable, Subscriber } from 'rxjs';

/**
 * Lets nothing pass any more once a time limit is over: what stands inside may answer its end with a value or an error
 * of its own, and the limit is what the subscriber hears of.
 */
export function untilOver(isOver: () => boolean): MonoTypeOperatorFunction<unknown> {
  return (source) => new Observable((subscriber) => source.subscribe(new UntilOver(subscriber, isOver)));
}

/** A subscriber itself: an endless source sees at once that the one behind it has enough. */
class UntilOver extends Subscriber<unknown> {
  constructor(
    destination: Subscriber<unknown>,
    private readonly isOver: () => boolean,
  ) {
    super(destination);
  }

  override next(value: unknown): void {
    if (!this.isOver()) super.next(value);
  }

  override error(error: unknown): void {
    if (!this.isOver()) super.error(error);
  }

  override complete(): void {
    if (!this.isOver()) super.complete();
  }
}
