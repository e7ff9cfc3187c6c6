import type { CallIdempotency } from '../core/call.js';
import type { Clock } from '../core/clock.js';
import { type CallFacts, Scope } from '../core/scope.js';
import type { CallRecord } from './call-record.js';
import type { LiveClaim } from './idempotent-claim.js';
import type { PromiseNext } from './promise-layers.js';

/** What all executions under one claim have in common; its scope belongs to the claim and to no caller. */
class ClaimedFacts implements CallFacts {
  readonly canBeAborted = true;

  constructor(
    private readonly record: CallRecord,
    /** Read by the method from its call context. */
    readonly idempotency: CallIdempotency,
  ) {}

  get operation(): string {
    return this.record.operation;
  }

  get args(): readonly unknown[] {
    return this.record.args;
  }

  get clock(): Clock {
    return this.record.clock;
  }

  get startedMs(): number {
    return this.record.startedMs;
  }

  get isUnsafe(): boolean {
    return this.record.isUnsafe;
  }

  get attempts(): number {
    return this.record.attempts;
  }
}

/** Runs what stands inside in a scope that ends with the claim, whoever left. */
export async function executeUnder(
  claim: LiveClaim,
  record: CallRecord,
  next: PromiseNext,
): Promise<unknown> {
  const facts = new ClaimedFacts(record, claim.idempotency);
  const scope = new Scope(facts, Number.POSITIVE_INFINITY);
  claim.cancellation.onCancel((reason, origin) => scope.cancellation.cancel(reason, origin));
  record.claim = claim;
  return next(scope, record);
}
