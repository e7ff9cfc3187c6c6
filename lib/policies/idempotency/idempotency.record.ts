import type {
  Claim,
  CompleteRequest,
  ExtendRequest,
  RecordView,
  StoredOutcome,
} from './idempotency.store.js';

/** What a store keeps of every record. */
interface RecordBase {
  readonly fence: string;
  readonly attempts: number;
  readonly recovered: boolean;
  /** By the store's clock. */
  readonly retentionEndMs: number;
}

/** An owner has a claim. */
export interface InProgressRecord extends RecordBase {
  readonly state: 'in-progress';
  readonly ownerId: string;
  readonly fingerprint: string;
  /** By the store's clock; a field, not the life of the record. */
  readonly leaseEndMs: number;
}

/** The outcome is kept. */
export interface CompletedRecord extends RecordBase {
  readonly state: 'completed';
  readonly ownerId: string;
  readonly fingerprint: string;
  readonly outcome: StoredOutcome;
}

/** The last owner ended without an outcome; binds nobody. */
export interface ReleasedRecord extends RecordBase {
  readonly state: 'released';
}

/** One record of a store; its states are those of the specification. */
export type IdempotencyRecord = InProgressRecord | CompletedRecord | ReleasedRecord;

/** An answer, and the record to write where something changes. */
export interface Decision<A> {
  readonly answer: A;
  readonly write?: IdempotencyRecord;
}

/** Whether a record still counts. */
export function isKept(record: IdempotencyRecord | undefined, nowMs: number): record is IdempotencyRecord {
  return record !== undefined && record.retentionEndMs > nowMs;
}

type Renewal = Pick<ExtendRequest, 'fingerprint' | 'leaseMs' | 'retentionMs'>;

/** The record of a claim whose lease and retention begin now. */
export function inProgress(
  { ownerId, fence, attempts, recovered }: Claim,
  { fingerprint, leaseMs, retentionMs }: Renewal,
  nowMs: number,
): InProgressRecord {
  return {
    state: 'in-progress',
    ownerId,
    fence,
    attempts,
    recovered,
    fingerprint,
    leaseEndMs: nowMs + leaseMs,
    retentionEndMs: nowMs + retentionMs,
  };
}

/** The record of an outcome whose retention begins now; its fingerprint is that of the record before. */
export function completed(
  { claim, outcome, retentionMs, fingerprint: ofClaim }: CompleteRequest,
  nowMs: number,
  fingerprint = ofClaim,
): CompletedRecord {
  const { ownerId, fence, attempts, recovered } = claim;
  const retentionEndMs = nowMs + retentionMs;
  return {
    state: 'completed',
    ownerId,
    fence,
    attempts,
    recovered,
    fingerprint,
    outcome,
    retentionEndMs,
  };
}

/** What is left of a record whose owner is gone: it binds nobody. */
export function released(
  { fence, attempts, recovered }: IdempotencyRecord,
  retentionEndMs: number,
): ReleasedRecord {
  return { state: 'released', fence, attempts, recovered, retentionEndMs };
}

/** What an operator sees of a record; `undefined` where it does not count any more. */
export function viewOf(found: IdempotencyRecord | undefined, nowMs: number): RecordView | undefined {
  if (!isKept(found, nowMs)) return undefined;
  const { state, attempts, recovered, fence } = found;
  return {
    state,
    attempts,
    recovered,
    fence,
    retentionLeftMs: found.retentionEndMs - nowMs,
    ...(found.state === 'in-progress' && { leaseLeftMs: found.leaseEndMs - nowMs }),
    ...(found.state === 'completed' && { outcome: found.outcome }),
    ...(found.state !== 'released' && { fingerprint: found.fingerprint }),
  };
}
