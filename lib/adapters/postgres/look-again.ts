import type { Clock } from '../../core/index.js';
import { isConflict } from './postgres-clients.js';
import type { Waiting } from './while-asked.js';

const MOST_LOOKS = 12;
const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 16;

/** Who asks again, and for how long. */
export interface LookAgain {
  readonly clock: Clock;
  /** Ends it: nobody waits for the answer any longer. */
  readonly signal: Waiting | undefined;
  /** Also after errors of this kind. */
  readonly alsoAfter?: (error: unknown) => boolean;
}

/**
 * Asks until there is an answer: a statement that was overtaken (no answer), and one that met another transaction
 * under a stricter isolation level, are sent again, a bounded number of times with small jittered pauses.
 * `undefined` where all of them were overtaken.
 *
 * @throws the last error of {@link LookAgain.alsoAfter}'s kind, where it was the last answer too
 */
export async function lookAgain<T>(
  { clock, signal, alsoAfter }: LookAgain,
  look: () => Promise<T | undefined>,
): Promise<T | undefined> {
  for (let count = 0; count < MOST_LOOKS; count += 1) {
    if (count > 0) await pause(clock, Math.min(FIRST_PAUSE_MS * 2 ** count, LONGEST_PAUSE_MS));
    signal?.throwIfAborted();
    const isLast = count === MOST_LOOKS - 1;
    const answer = await withoutConflict(look, isLast ? undefined : alsoAfter);
    if (answer !== undefined) return answer;
  }
  return undefined;
}

async function withoutConflict<T>(
  look: () => Promise<T>,
  isTolerated: LookAgain['alsoAfter'],
): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (isConflict(error) || isTolerated?.(error) === true) return undefined;
    throw error;
  }
}

function pause(clock: Clock, atMostMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.schedule(atMostMs * (1 - clock.random() / 2), resolve, { detached: true });
  });
}
