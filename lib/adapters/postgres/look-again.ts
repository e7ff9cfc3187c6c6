import type { Clock } from '../../core/index.js';
import { isConflict } from './postgres-clients.js';

const MOST_LOOKS = 12;
const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 16;

/**
 * Asks until there is an answer: a statement that was overtaken (no answer), and one that met another transaction
 * under a stricter isolation level, are sent again, a bounded number of times with small jittered pauses.
 * `undefined` where all of them were overtaken.
 */
export async function lookAgain<T>(
  clock: Clock,
  signal: AbortSignal | undefined,
  look: () => Promise<T | undefined>,
): Promise<T | undefined> {
  for (let count = 0; count < MOST_LOOKS; count += 1) {
    if (count > 0) await pause(clock, Math.min(FIRST_PAUSE_MS * 2 ** count, LONGEST_PAUSE_MS));
    signal?.throwIfAborted();
    const answer = await withoutConflict(look);
    if (answer !== undefined) return answer;
  }
  return undefined;
}

async function withoutConflict<T>(look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (isConflict(error)) return undefined;
    throw error;
  }
}

function pause(clock: Clock, atMostMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.schedule(atMostMs * (1 - clock.random() / 2), resolve, { detached: true });
  });
}
