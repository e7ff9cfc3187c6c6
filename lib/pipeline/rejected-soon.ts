const SETTLED = Promise.resolve();

/**
 * A promise that is rejected as soon as its receiver has had the time to await it. Node keeps account of every
 * rejection that nobody handles yet, which costs more than all the rest of a refusal.
 */
export function rejectedSoon(error: unknown): Promise<never> {
  return new Promise((_, reject) => {
    void SETTLED.then(() => reject(error));
  });
}
