import type { Clock } from '../../../core/clock.js';
import type { ClaimedCall, Deferred } from '../../../pipeline/index.js';
import type { HowAnswered } from './route-capture.js';

/** How long an answer may be on its way to a client that is gone, after the method has ended. */
const LOST_AFTER_MS = 1_000;

/** The call of a client that has left. */
export interface LeftCall {
  readonly claimed: ClaimedCall;
  readonly answered: Deferred<HowAnswered>;
  readonly clock: Clock;
  readonly leaseMs: number;
  /** Whether the method gives an Observable: Nest 12 begins none whose client is gone. */
  readonly givesStream: boolean;
}

/** The work goes on to its end; what nobody begins or answers any more is not waited for. */
export function giveUpLater(left: LeftCall): void {
  const { claimed, leaseMs, givesStream } = left;
  // Pipes and interceptors may have something to do yet, but they must not keep the key for longer than a dead owner.
  lostAfter(left, givesStream ? LOST_AFTER_MS : leaseMs, () => !claimed.isEntered);
  void claimed.inner.promise.then(() => lostAfter(left, LOST_AFTER_MS, () => true));
}

function lostAfter({ clock, answered }: LeftCall, milliseconds: number, isLost: () => boolean): void {
  const tell = (): void => {
    if (isLost()) answered.resolve('lost');
  };
  const timer = clock.schedule(milliseconds, tell, { idle: true });
  void answered.promise.then(() => timer.cancel());
}
