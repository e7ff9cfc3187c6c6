/** What a call can fail with, and what the contract says of it. */
export interface Failure {
  readonly text: string;
  readonly isRetryable: boolean;
  readonly isDependencys: boolean;
  readonly isAnswered: boolean;
  /** What it asks to wait. */
  readonly retryAfterMs?: number;
}

const FINAL = { isRetryable: false, isDependencys: false, isAnswered: false };
const TRANSIENT = { isRetryable: true, isDependencys: true, isAnswered: true };
const REFUSAL = { isRetryable: true, isDependencys: false, isAnswered: true };

/** The method's own, by the status it has. */
export const ofMethod = (text: string, status: number): Failure => ({
  text,
  ...(status === 503 ? TRANSIENT : FINAL),
});

export const aborted = (text: string): Failure => ({ text, ...FINAL });

export const timedOut = (timeoutMs: number): Failure => ({
  text: `RESILIENCE_TIMEOUT_EXCEEDED ${timeoutMs}`,
  ...TRANSIENT,
});

export const breakerOpen = (retryAfterMs: number | undefined): Failure => ({
  text: `RESILIENCE_CIRCUIT_BREAKER_OPEN ${retryAfterMs}`,
  ...REFUSAL,
  isRetryable: false,
});

export const bulkheadFull: Failure = { text: 'RESILIENCE_BULKHEAD_FULL', ...REFUSAL };

export const rateLimited = (retryAfterMs: number): Failure => ({
  text: `RESILIENCE_RATE_LIMIT_EXCEEDED ${retryAfterMs}`,
  ...REFUSAL,
  retryAfterMs,
});
