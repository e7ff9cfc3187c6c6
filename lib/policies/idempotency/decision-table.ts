import {
  type Decision,
  type IdempotencyRecord,
  inProgress,
  isKept,
  type InProgressRecord,
} from './idempotency.record.js';
import type { BeginAnswer, BeginRequest, Claim } from './idempotency.store.js';

/** What a store knows besides the record. */
export interface StoreMoment {
  /** By the store's clock. */
  readonly nowMs: number;
  /** A fence that is higher than this one and than every fence of this store before. */
  nextFence(above: string | undefined): string;
}

/** How two fingerprints compare; those with different version tags, and empty ones, cannot be compared. */
export function compareFingerprints(one: string, other: string): 'same' | 'other' | 'not-comparable' {
  if (one === '' || other === '' || tagOf(one) !== tagOf(other)) return 'not-comparable';
  return one === other ? 'same' : 'other';
}

function tagOf(fingerprint: string): string {
  const colon = fingerprint.indexOf(':');
  return colon < 0 ? fingerprint : fingerprint.slice(0, colon);
}

/** The table of `begin`: its first matching row. */
export function decideBegin(
  found: IdempotencyRecord | undefined,
  request: BeginRequest,
  moment: StoreMoment,
): Decision<BeginAnswer> {
  const { nowMs } = moment;
  const lastFence = found?.fence;
  // An absent record may leave its fence behind where the store still has it: claims of old owners stay behind.
  if (!isKept(found, nowMs)) return claimed(request, { attempts: 0, recovered: false }, moment, lastFence);
  if (found.state === 'released') return claimed(request, found, moment, found.fence);
  const comparison = compareFingerprints(found.fingerprint, request.fingerprint);
  if (found.state === 'completed') {
    if (comparison === 'other') return { answer: { kind: 'mismatch', state: 'completed' } };
    const { outcome } = found;
    return { answer: { kind: 'completed', outcome, compared: comparison === 'same' } };
  }
  if (found.ownerId === request.ownerId) return claimedAgain(found, request, nowMs);
  if (comparison === 'other') return { answer: { kind: 'mismatch', state: 'in-progress' } };
  const leaseLeftMs = found.leaseEndMs - nowMs;
  if (leaseLeftMs > 0) return { answer: { kind: 'busy', leaseLeftMs } };
  const { attempts } = found;
  return claimed(request, { attempts, recovered: true, tookOver: true }, moment, found.fence);
}

interface ClaimHistory {
  readonly attempts: number;
  readonly recovered: boolean;
  readonly tookOver?: boolean;
}

function claimed(
  request: BeginRequest,
  { attempts, recovered, tookOver = false }: ClaimHistory,
  moment: StoreMoment,
  lastFence: string | undefined,
): Decision<BeginAnswer> {
  const { ownerId } = request;
  const claim: Claim = { ownerId, fence: moment.nextFence(lastFence), attempts: attempts + 1, recovered };
  return {
    answer: { kind: 'acquired', claim, tookOver },
    write: inProgress(claim, request, moment.nowMs),
  };
}

function claimedAgain(
  record: InProgressRecord,
  { leaseMs, retentionMs }: BeginRequest,
  nowMs: number,
): Decision<BeginAnswer> {
  const { ownerId, fence, attempts, recovered } = record;
  const claim: Claim = { ownerId, fence, attempts, recovered };
  return {
    answer: { kind: 'acquired', claim, tookOver: false },
    write: { ...record, leaseEndMs: nowMs + leaseMs, retentionEndMs: nowMs + retentionMs },
  };
}
