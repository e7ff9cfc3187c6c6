import type { Environment } from '../core/environment.js';
import type { Claim } from '../policies/idempotency/index.js';
import type { Answers } from './idempotent-answers.js';
import type { BackgroundWork } from './idempotent-background.js';
import type { Beats } from './idempotent-beats.js';
import type { GuardedCall } from './idempotent-call.js';
import type { Conversation, Conversations, RunningKeys } from './idempotent-conversations.js';
import type { OwnerIds } from './idempotent-owner-ids.js';
import type { StoreCalls } from './idempotent-store-calls.js';

/** What all owners of one application share. */
export interface OwnerSurroundings {
  readonly environment: Environment;
  readonly calls: StoreCalls;
  readonly background: BackgroundWork;
  readonly running: RunningKeys;
  readonly beats: Beats;
}

/** What all guarded calls of one application share. */
export interface RunSurroundings extends OwnerSurroundings {
  readonly conversations: Conversations;
  readonly ownerIds: OwnerIds;
}

/** What one call owns. */
export interface OwnedCall {
  readonly call: GuardedCall;
  readonly claim: Claim;
  readonly tookOver: boolean;
  readonly conversation: Conversation;
  readonly answers: Answers;
  /** When the claim was made, monotonic. */
  readonly startedMs: number;
}

/** Whoever runs under a claim. */
export interface ClaimHolder {
  /** Whether the store has the outcome already. */
  readonly isRecorded: boolean;
  /** Whether the record may hold another outcome than the one that the method came to. */
  readonly isPrepared: boolean;
  /** Somebody else has the claim. */
  lost(): void;
}
