import type { Environment } from '../core/environment.js';
import {
  IdempotencyInFlightError,
  IdempotencyMismatchError,
  IdempotencyStoreError,
  retryAfterOf,
  type StoredOutcome,
} from '../policies/idempotency/index.js';
import type { GuardedCall } from './idempotent-call.js';
import { Tidings } from './idempotent-tidings.js';

const STORE_RETRY_MS = 1_000;

/** What a guarded call is given that does not run its method; each is told of as it is made. */
export class Answers {
  /** When the call began, monotonic. */
  readonly startedMs: number;
  private told: Tidings | undefined;

  constructor(
    private readonly environment: Environment,
    private readonly call: GuardedCall,
  ) {
    this.startedMs = environment.clock.nowMs();
  }

  /** Tells of the call; most calls have nobody who hears of them. */
  get tidings(): Tidings {
    const { environment, call } = this;
    return (this.told ??= new Tidings(environment.events, call.operation, call.rule.storedKey));
  }

  /** The store is down: runs unguarded where that was asked for. @throws otherwise */
  storeDown(cause: unknown): Promise<unknown> {
    const { call } = this;
    const runs = call.onStoreDown === 'run';
    this.tidings.storeDown('begin', cause, runs);
    if (runs) return call.executeUnguarded();
    const { operation } = call;
    throw new IdempotencyStoreError({ operation, phase: 'begin', retryAfterMs: STORE_RETRY_MS, cause });
  }

  /** A copy of a recorded outcome, or its error. */
  replay(outcome: StoredOutcome, compared: boolean): Promise<unknown> {
    this.tidings.replayed(outcome.kind, compared);
    return this.call.capture.replay(outcome, this.call.rule.storedKey);
  }

  /** Since the call began. */
  get waitedMs(): number {
    return this.environment.clock.nowMs() - this.startedMs;
  }

  /** Another call owns the key. */
  inFlight(leaseLeftMs: number | undefined, reentrant = false): IdempotencyInFlightError {
    this.tidings.inFlight(this.waitedMs, reentrant);
    const retryAfterMs = leaseLeftMs === undefined ? undefined : retryAfterOf(leaseLeftMs);
    return new IdempotencyInFlightError({ operation: this.call.operation, retryAfterMs, reentrant });
  }

  /** Another owner has taken the key over, and what this one's run produced is no answer to it. */
  superseded(leaseLeftMs = this.call.rule.leaseMs): IdempotencyInFlightError {
    const { operation } = this.call;
    const retryAfterMs = retryAfterOf(leaseLeftMs);
    return new IdempotencyInFlightError({ operation, retryAfterMs, superseded: true });
  }

  /** The key came before with another payload. */
  mismatch(state: 'completed' | 'in-progress'): IdempotencyMismatchError {
    this.tidings.mismatch(state);
    return new IdempotencyMismatchError(this.call.operation);
  }

  /** The application closes. */
  closing(): IdempotencyStoreError {
    const { operation } = this.call;
    const fact = 'the application is closing, and begins no guarded call any more';
    return new IdempotencyStoreError({ operation, phase: 'begin', retryAfterMs: STORE_RETRY_MS, fact });
  }
}
