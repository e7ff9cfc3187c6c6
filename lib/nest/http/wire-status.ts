import { fieldOf } from '../../core/error-facts.js';
import type { ResilienceError } from '../../core/errors.js';

/** What an error is on the wire: the HTTP status, and the number of the gRPC status. */
export interface WireStatus {
  readonly http: number;
  readonly grpc: number;
}

const GRPC = {
  invalidArgument: 3,
  deadlineExceeded: 4,
  resourceExhausted: 8,
  failedPrecondition: 9,
  aborted: 10,
  internal: 13,
  unavailable: 14,
} as const;

// By code and not by class: the text is the same in every copy of the package.
const STATUS_BY_CODE: ReadonlyMap<string, WireStatus> = new Map([
  ['RESILIENCE_CIRCUIT_BREAKER_OPEN', { http: 503, grpc: GRPC.unavailable }],
  ['RESILIENCE_BULKHEAD_FULL', { http: 503, grpc: GRPC.resourceExhausted }],
  ['RESILIENCE_RATE_LIMIT_EXCEEDED', { http: 429, grpc: GRPC.resourceExhausted }],
  ['RESILIENCE_TIMEOUT_EXCEEDED', { http: 504, grpc: GRPC.deadlineExceeded }],
  ['RESILIENCE_IDEMPOTENCY_KEY_MISSING', { http: 400, grpc: GRPC.invalidArgument }],
  ['RESILIENCE_IDEMPOTENCY_KEY_INVALID', { http: 400, grpc: GRPC.invalidArgument }],
  ['RESILIENCE_IDEMPOTENCY_IN_FLIGHT', { http: 409, grpc: GRPC.aborted }],
  ['RESILIENCE_IDEMPOTENCY_REPLAY_UNAVAILABLE', { http: 409, grpc: GRPC.failedPrecondition }],
  ['RESILIENCE_IDEMPOTENCY_MISMATCH', { http: 422, grpc: GRPC.failedPrecondition }],
  ['RESILIENCE_IDEMPOTENCY_STORE', { http: 503, grpc: GRPC.unavailable }],
  ['RESILIENCE_INVALID_OPTIONS', { http: 500, grpc: GRPC.internal }],
]);

// An error of a later version of the package, or of a class that a user derived.
const UNKNOWN: WireStatus = { http: 500, grpc: GRPC.internal };

/** The status of an error of this package; that of an internal error for a code that is not known here. */
export function wireStatusOf(error: ResilienceError): WireStatus {
  return STATUS_BY_CODE.get(error.code) ?? UNKNOWN;
}

/** Milliseconds that a caller should wait; `undefined` where the error does not know. */
export function retryAfterMsOf(error: ResilienceError): number | undefined {
  const waitMs = fieldOf(error, 'retryAfterMs');
  return typeof waitMs === 'number' && Number.isFinite(waitMs) && waitMs >= 0 ? waitMs : undefined;
}
