/** Errors that were decided by an earlier call. A set that forgets: no error is touched or kept alive. */
const REPLAYED = new WeakSet<object>();

/** Marks an error as the replay of a recorded one: it was decided long ago, and is never retried. */
export function markReplayed<E extends object>(error: E): E {
  REPLAYED.add(error);
  return error;
}

/** Whether an error is the replay of a recorded one. */
export function isReplayed(error: unknown): boolean {
  return typeof error === 'object' && error !== null && REPLAYED.has(error);
}
