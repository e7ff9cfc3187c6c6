import {
  type ClaimAnswer,
  type ClaimRequest,
  type CompleteRequest,
  type ExtendRequest,
  IdempotencyInFlightError,
} from '../../policies/idempotency/index.js';
import type { PostgresResult } from './postgres-clients.js';
import { Row } from './postgres-replies.js';

const DIGEST = /^(?:[0-9a-f]{2})+$/;

/** A stored key as the bytes it stands for. */
export function keyOf(storedKey: string): Buffer {
  return Buffer.from(storedKey, DIGEST.test(storedKey) ? 'hex' : 'utf8');
}

function claimValues({ storedKey, claim, fingerprint, retentionMs }: ClaimRequest): readonly unknown[] {
  const { ownerId, fence, attempts, recovered } = claim;
  return [keyOf(storedKey), ownerId, fence, attempts, recovered, fingerprint, retentionMs];
}

/** The values of a renewal, without the lock timeout. */
export function extendValues(request: ExtendRequest): unknown[] {
  return [...claimValues(request), request.leaseMs];
}

/** The values of a completion, without the lock timeout. */
export function completeValues(request: CompleteRequest): unknown[] {
  const { kind, metadata, body } = request.outcome;
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return [...claimValues(request), kind, Buffer.from(metadata), bytes];
}

/** What a renewal or completion answers: no row means that the claim is not current. */
export function claimAnswerOf(result: PostgresResult): ClaimAnswer {
  const row = Row.of(result);
  if (row === undefined) return 'fenced';
  return row.flag('recreated') ? 'recreated' : 'ok';
}

/** Somebody else has the claim; the transaction must not commit. */
export function claimLost(operation: string): IdempotencyInFlightError {
  return new IdempotencyInFlightError({ operation, superseded: true });
}
