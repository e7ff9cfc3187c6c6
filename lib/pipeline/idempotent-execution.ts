import type { CallIdempotency } from '../core/call.js';
import type { Clock } from '../core/clock.js';
import type { Environment } from '../core/environment.js';
import { type CallFacts, Scope } from '../core/scope.js';
import type { CallRecord } from './call-record.js';
import type { LiveClaim } from './idempotent-claim.js';
import { apply, argumentsFor, type Target } from './invoke.js';
import type { PromiseNext } from './promise-layers.js';

/** A method around which nothing stands but its claim. */
export interface MethodAlone {
  readonly target: Target;
  readonly environment: Environment;
}

/** What all executions under one claim have in common; its scope belongs to the claim and to no caller. */
class ClaimedFacts implements CallFacts {
  readonly canBeAborted = true;

  constructor(
    private readonly record: CallRecord,
    private readonly claim: LiveClaim,
  ) {}

  /** Read by the method from its call context. */
  get idempotency(): CallIdempotency {
    return this.claim.idempotency;
  }

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
export function executeUnder(claim: LiveClaim, record: CallRecord, next: PromiseNext): Promise<unknown> {
  return next(enter(claim, record), record);
}

/** The same for a method with nothing in between; what it throws at once is thrown. */
export function executeAlone(
  claim: LiveClaim,
  record: CallRecord,
  { target, environment }: MethodAlone,
): Promise<unknown> {
  const scope = enter(claim, record);
  claim.enterAlone();
  const args = argumentsFor(record.args, target.contextIndex, scope);
  const result = environment.ambient.run(scope, () => apply(target.method, record.self, args));
  // One `then` only: that of a query that has not begun begins it.
  return result instanceof Promise ? result : Promise.resolve(result);
}

function enter(claim: LiveClaim, record: CallRecord): Scope {
  const scope = new Scope(new ClaimedFacts(record, claim), Number.POSITIVE_INFINITY);
  claim.bind(scope);
  record.claim = claim;
  return scope;
}
