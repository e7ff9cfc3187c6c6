import { ask, ignore } from '../../core/callbacks.js';
import { fieldOf } from '../../core/error-facts.js';
import type { EventSink } from '../../core/events.js';
import type {
  BeginRequest,
  Claim,
  CompleteRequest,
  ExtendRequest,
  ReleaseRequest,
  StoredOutcome,
} from './idempotency.store.js';
import type { ResolvedIdempotentOptions } from './idempotency.options.js';
import { isFinalByDefault, type Outcome } from './outcome.js';

/** The times of a claim, and what decides whether its outcome is kept. */
export type ClaimTerms = Pick<ResolvedIdempotentOptions, 'ttlMs' | 'leaseMs' | 'final'>;

const RETENTION_BEYOND_LEASE_MS = 600_000;
const LEAST_RELEASED_MS = 60_000;
const LONGEST_ADVICE_MS = 1_000;
const FIRST_PAUSE_MS = 25;
const LONGEST_PAUSE_MS = 250;
const FIRST_BACKOFF_MS = 100;
const LONGEST_BACKOFF_MS = 5_000;

const FINAL = '`final` of an idempotent method';

/** What a guarded call asks of the store, and what follows from outcomes. Decides; does nothing. */
export class IdempotencyRule {
  constructor(
    readonly storedKey: string,
    readonly fingerprint: string,
    private readonly terms: ClaimTerms,
  ) {}

  get leaseMs(): number {
    return this.terms.leaseMs;
  }

  /** Time between two renewals. */
  get beatMs(): number {
    return this.terms.leaseMs / 3;
  }

  /** After so long no claim is renewed any more, so that work that never settles does not block its key for ever. */
  get longestRenewalMs(): number {
    return this.terms.ttlMs;
  }

  begin(ownerId: string): BeginRequest {
    const { storedKey, fingerprint } = this;
    return { storedKey, fingerprint, ownerId, leaseMs: this.leaseMs, retentionMs: this.progressRetentionMs };
  }

  extend(claim: Claim): ExtendRequest {
    const { storedKey, fingerprint } = this;
    return { storedKey, fingerprint, claim, leaseMs: this.leaseMs, retentionMs: this.progressRetentionMs };
  }

  complete(claim: Claim, outcome: StoredOutcome): CompleteRequest {
    const { storedKey, fingerprint } = this;
    return { storedKey, fingerprint, claim, outcome, retentionMs: this.terms.ttlMs };
  }

  release(ownerId: string, fence?: string): ReleaseRequest {
    const { ttlMs, leaseMs } = this.terms;
    const retentionMs = Math.max(LEAST_RELEASED_MS, leaseMs * 2);
    const recoveredRetentionMs = Math.max(retentionMs, ttlMs);
    return { storedKey: this.storedKey, ownerId, fence, retentionMs, recoveredRetentionMs };
  }

  /** Whether an outcome is kept; a `final` that throws, or gives a promise, is reported and means no. */
  isFinal(outcome: Outcome, events: EventSink): boolean {
    const { final } = this.terms;
    if (final === undefined) return isFinalByDefault(outcome);
    return ask(events, FINAL, () => {
      const answer: unknown = final(outcome);
      if (typeof fieldOf(answer, 'then') !== 'function') return answer;
      ignore(answer, events, FINAL);
      throw new TypeError('it must answer at once, and gave a promise');
    });
  }

  private get progressRetentionMs(): number {
    return Math.max(this.terms.ttlMs, this.leaseMs + RETENTION_BEYOND_LEASE_MS);
  }
}

/** When a duplicate should come again: soon, since most owners are quick, and never after the lease. */
export function retryAfterOf(leaseLeftMs: number): number {
  return Math.max(1, Math.min(leaseLeftMs, LONGEST_ADVICE_MS));
}

/** The pause of a waiter before it begins again, the first being number 0; `chance` is in [0, 1). */
export function waitPauseMs(number: number, chance: number): number {
  return jittered(Math.min(FIRST_PAUSE_MS * 2 ** number, LONGEST_PAUSE_MS), chance);
}

/** The pause before an outcome is sent again in the background, the first being number 0. */
export function resendPauseMs(number: number, chance: number): number {
  return jittered(Math.min(FIRST_BACKOFF_MS * 2 ** number, LONGEST_BACKOFF_MS), chance);
}

/** Between the whole pause and half of it. */
function jittered(pauseMs: number, chance: number): number {
  return pauseMs * (1 - chance / 2);
}

const CONNECTION_CODE = /^(?:ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|EAI_AGAIN|NR_CLOSED|08|57P0)/;
const CONNECTION_MESSAGE = /connect|socket|closed|offline|terminated|writeable/i;

/** Whether a begin failed for want of a connection, so that sending it again at once may help. */
export function isConnectionFailure(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as { readonly code?: unknown };
  return (typeof code === 'string' && CONNECTION_CODE.test(code)) || CONNECTION_MESSAGE.test(error.message);
}
