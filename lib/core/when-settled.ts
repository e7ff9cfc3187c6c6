/**
 * Calls a function when work has settled, before anybody hears what it came to. `finally` does the same with four
 * promises in the place of one, which is dear where Node keeps an async context for each.
 */
export function whenSettled<T>(work: Promise<T>, settled: () => void): Promise<T> {
  return work.then(
    (value) => {
      settled();
      return value;
    },
    (error: unknown) => {
      settled();
      throw error;
    },
  );
}
