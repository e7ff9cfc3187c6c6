/** Errors that end a retrying, for as long as they live; none of them is touched. */
const FINAL = new WeakSet<object>();

/** Keeps in mind that no attempt may follow this error, whatever its class; what is no object cannot be known again. */
export function rememberFinal(error: unknown): void {
  if (typeof error === 'object' && error !== null) FINAL.add(error);
}

/** Whether an error ends the retrying by itself. */
export function endsRetrying(error: unknown): boolean {
  return typeof error === 'object' && error !== null && FINAL.has(error);
}
