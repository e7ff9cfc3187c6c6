import { untilGivenUp } from '../../core/given-up.js';
import { type StoreCallOptions, StoreQuestion } from '../../policies/idempotency/index.js';

/** What says that nobody waits any longer; an `AbortSignal` is one. */
export interface Waiting {
  readonly aborted: boolean;
  /** @throws the reason, where nobody waits any longer */
  throwIfAborted(): void;
}

/** A question of the engine's as a signal says it; its own signal would cost more than the rest of it. */
class WaitingForQuestion implements Waiting {
  constructor(private readonly question: StoreQuestion) {}

  get aborted(): boolean {
    return this.question.isLeft;
  }

  throwIfAborted(): void {
    this.question.throwIfLeft();
  }
}

/** Works until nobody waits any longer; who asks a question of the engine's ends its wait by itself. */
export function whileAsked<T>(
  options: StoreCallOptions | undefined,
  work: (waiting: Waiting | undefined) => Promise<T>,
): Promise<T> {
  if (options instanceof StoreQuestion) return work(new WaitingForQuestion(options));
  const signal = options?.signal;
  return untilGivenUp(signal, () => work(signal));
}
