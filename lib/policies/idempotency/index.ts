export { decideComplete, decideExtend, decideForget, decideRelease } from './claim-table.js';
export { compareFingerprints, decideBegin } from './decision-table.js';
export type { StoreMoment } from './decision-table.js';
export { viewOf } from './idempotency.record.js';
export type {
  CompletedRecord,
  Decision,
  IdempotencyRecord,
  InProgressRecord,
  ReleasedRecord,
} from './idempotency.record.js';
export { FORGOTTEN_RETENTION_MS } from './idempotency.store.js';
export type {
  BeginAnswer,
  BeginRequest,
  Claim,
  ClaimAnswer,
  ClaimRequest,
  CompleteOptions,
  CompleteRequest,
  ExtendRequest,
  IdempotencyStore,
  OutcomeKind,
  RecordView,
  ReleaseAnswer,
  ReleaseRequest,
  StoreCallOptions,
  StoredOutcome,
} from './idempotency.store.js';
export type { MemoryClaims } from './memory-claims.js';
export { claimsOf, MemoryIdempotencyStore } from './memory-idempotency.store.js';
export type { MemoryIdempotencyStoreOptions } from './memory-idempotency.store.js';
export type { RegisteredClass } from './class-register.js';
export { JsonCodec } from './codec.js';
export type { CodecContext, OutcomeCodec } from './codec.js';
export {
  fingerprintOf,
  fingerprintOfArguments,
  fingerprintOfRequest,
  NO_FINGERPRINT,
} from './fingerprint.js';
export type { RequestPayload } from './fingerprint.js';
export {
  IDEMPOTENT,
  IdempotencyInFlightError,
  IdempotencyKeyInvalidError,
  IdempotencyKeyMissingError,
  IdempotencyMismatchError,
  IdempotencyReplayUnavailableError,
  IdempotencyStoreError,
} from './idempotency.errors.js';
export type { InFlightFacts, StoreFailure, StorePhase } from './idempotency.errors.js';
export { readGivenKey, readKeyHeader } from './idempotency-key.js';
export type { KeyReading } from './idempotency-key.js';
export { ClaimedIdempotency, methodClaimOf } from './method-claim.js';
export type { MethodClaim, MethodOutcome } from './method-claim.js';
export { resolveIdempotencySettings } from './idempotency-settings.options.js';
export type { IdempotencyOptions, ResolvedIdempotencySettings } from './idempotency-settings.options.js';
export { resolveIdempotentOptions } from './idempotency.options.js';
export type {
  IdempotencyScope,
  IdempotencySubject,
  IdempotentDefaults,
  IdempotentOptions,
  OnInFlight,
  OnStoreDown,
  ResolvedIdempotentOptions,
} from './idempotency.options.js';
export {
  IdempotencyRule,
  isConnectionFailure,
  resendPauseMs,
  retryAfterOf,
  waitPauseMs,
} from './idempotency.rule.js';
export type { ClaimTerms } from './idempotency.rule.js';
export { errorFactsOf, isFinalByDefault } from './outcome.js';
export type { ErrorFacts, Outcome } from './outcome.js';
export { checkPlacement, checkStoredOperations } from './placement.js';
export type { Placement, StoredOperation } from './placement.js';
export { keyHashOf, KeyNames, SHARED_OPERATION } from './stored-key.js';
export type { KeyParts } from './stored-key.js';
export { NotStorableError, TooLongError } from './codec.errors.js';
export { StoreQuestion } from './store-question.js';
export { lookAtBoot } from './boot-look.js';
export type { BootLook } from './boot-look.js';
