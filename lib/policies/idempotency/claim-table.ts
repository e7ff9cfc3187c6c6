import {
  completed,
  type CompletedRecord,
  type Decision,
  type IdempotencyRecord,
  inProgress,
  type InProgressRecord,
  isKept,
  released,
} from './idempotency.record.js';
import {
  type Claim,
  type ClaimAnswer,
  type CompleteRequest,
  type ExtendRequest,
  FORGOTTEN_RETENTION_MS,
  type ReleaseAnswer,
  type ReleaseRequest,
} from './idempotency.store.js';

/** Whether a record is in progress, or completed, by exactly this claim. */
function isOf(
  record: IdempotencyRecord,
  { ownerId, fence }: Claim,
): record is InProgressRecord | CompletedRecord {
  return record.state !== 'released' && record.ownerId === ownerId && record.fence === fence;
}

/** What becomes of a claim that is to live on. */
export function decideExtend(
  found: IdempotencyRecord | undefined,
  request: ExtendRequest,
  nowMs: number,
): Decision<ClaimAnswer> {
  if (!isKept(found, nowMs)) return { answer: 'recreated', write: inProgress(request.claim, request, nowMs) };
  if (found.state !== 'in-progress' || !isOf(found, request.claim)) return { answer: 'fenced' };
  const { leaseMs, retentionMs } = request;
  return {
    answer: 'ok',
    write: { ...found, leaseEndMs: nowMs + leaseMs, retentionEndMs: nowMs + retentionMs },
  };
}

/** What becomes of an outcome. */
export function decideComplete(
  found: IdempotencyRecord | undefined,
  request: CompleteRequest,
  nowMs: number,
): Decision<ClaimAnswer> {
  if (!isKept(found, nowMs)) return { answer: 'recreated', write: completed(request, nowMs) };
  if (!isOf(found, request.claim)) return { answer: 'fenced' };
  return found.state === 'completed'
    ? { answer: 'ok' }
    : { answer: 'ok', write: completed(request, nowMs, found.fingerprint) };
}

/** What becomes of a claim that is given up. */
export function decideRelease(
  found: IdempotencyRecord | undefined,
  request: ReleaseRequest,
  nowMs: number,
): Decision<ReleaseAnswer> {
  if (!isKept(found, nowMs)) return { answer: 'gone' };
  if (found.state === 'released') return { answer: 'ok' };
  if (found.state === 'completed' || found.ownerId !== request.ownerId) return { answer: 'fenced' };
  if (request.fence !== undefined && request.fence !== found.fence) return { answer: 'fenced' };
  const keptMs = found.recovered ? request.recoveredRetentionMs : request.retentionMs;
  return { answer: 'ok', write: released(found, nowMs + keptMs) };
}

/** What becomes of a record that an operator forgets. */
export function decideForget(found: IdempotencyRecord | undefined, nowMs: number): Decision<boolean> {
  if (!isKept(found, nowMs)) return { answer: false };
  const leastMs = nowMs + FORGOTTEN_RETENTION_MS;
  return { answer: true, write: released(found, Math.max(found.retentionEndMs, leastMs)) };
}
