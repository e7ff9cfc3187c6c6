import type { CallIdempotency } from '../../core/call.js';
import type { Claim, CompleteRequest, ExtendRequest, StoredOutcome } from './idempotency.store.js';

/** What a transaction of a method's own has recorded. */
export interface MethodOutcome {
  /** What the method is given back. */
  readonly value: unknown;
  /** What duplicates are given. */
  readonly outcome: StoredOutcome;
}

/** The claim of a running method, for a store that completes it in the transaction of the method's effect. */
export interface MethodClaim {
  /** `Class.method`, as errors name it. */
  readonly operation: string;
  /** What renews the claim, with the times of a record in progress. */
  readonly renewal: ExtendRequest;
  /** What a transaction has recorded and committed. */
  readonly ended: MethodOutcome | undefined;
  /** What completes the claim with this value, as the application keeps values. */
  completionWith(value: unknown): Promise<CompleteRequest>;
  /** Runs when the transactions of this claim that were begun before have ended: attempts may overlap. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
  /** An open transaction holds the completion; whether it commits is not known here. */
  prepared(): void;
  /** A transaction has committed it, through this store. */
  committed(outcome: MethodOutcome, store: unknown): void;
}

/** Known to every copy of this package. */
const MEMBER = Symbol.for('nestjs-selfheal.method-claim');

/** What a method may know of its claim; a store finds in it what completes the claim. */
export class ClaimedIdempotency implements CallIdempotency {
  readonly fence: string;
  readonly attempts: number;
  readonly recovered: boolean;
  readonly #claim: MethodClaim;

  constructor(
    readonly key: string,
    { fence, attempts, recovered }: Claim,
    claim: MethodClaim,
  ) {
    this.fence = fence;
    this.attempts = attempts;
    this.recovered = recovered;
    this.#claim = claim;
  }

  /** On the prototype: nobody sees it who looks at a claim, or compares two. */
  get [MEMBER](): MethodClaim {
    return this.#claim;
  }
}

/** What completes the claim of a running method. @throws {TypeError} for what is no `idempotency` of a call context */
export function methodClaimOf(idempotency: CallIdempotency): MethodClaim {
  const claim: unknown = Reflect.get(idempotency, MEMBER);
  if (typeof claim === 'object' && claim !== null) return claim as MethodClaim;
  throw new TypeError('the claim must be the `idempotency` of the call context, as the method was given it');
}
