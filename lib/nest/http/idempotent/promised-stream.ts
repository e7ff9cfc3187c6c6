import { isObservable, lastValueFrom } from 'rxjs';

/**
 * What an Observable comes to that a handler has promised: its last value, which Nest answers with. The work is in
 * it and not in the promise, and Nest leaves it when the client leaves, as the work of a guarded handler must not be.
 */
export function wholeOf(value: unknown): Promise<unknown> | undefined {
  return isObservable(value) ? lastValueFrom(value) : undefined;
}
