/** What tells one owner of a key from all others, earlier ones of the same process included. */
export interface Claim {
  /** Made by the caller, fresh for every guarded call: at least 96 random bits. */
  readonly ownerId: string;
  /** Grows with every new claim of a record; a decimal number as text, since it may pass 2^53. */
  readonly fence: string;
  /** How many claims this record has seen, this one included. */
  readonly attempts: number;
  /** Whether an earlier claim of this record ended in silence; stays until retention is over. */
  readonly recovered: boolean;
}

/** How an outcome is to be given again. */
export type OutcomeKind = 'wire' | 'value' | 'error' | 'tombstone';

/** What is kept of a call that has ended. The store keeps it as it is and looks into none of it. */
export interface StoredOutcome {
  /** How the outcome is given again. */
  readonly kind: OutcomeKind;
  /** Status, headers, codec: whatever is needed to read the body. Text. */
  readonly metadata: string;
  /** Binary safe, and apart from the metadata. A store hands out copies: changing one changes no record. */
  readonly body: Uint8Array;
}

/** Every operation takes a signal and rejects rather than hangs. */
export interface StoreCallOptions {
  /** Aborts when nobody waits for the answer any more; the store then rejects with its reason, soon. */
  readonly signal?: AbortSignal | undefined;
}

/** How an outcome is recorded. */
export interface CompleteOptions extends StoreCallOptions {
  /**
   * What the store's own documentation calls an open transaction; the outcome is then kept or lost together with
   * the rest of it. A store that knows none rejects.
   */
  readonly transaction?: unknown;
}

/** A call that wants to own a key. */
export interface BeginRequest {
  /** Opaque text of fixed length (64 lower-case hexadecimal digits). */
  readonly storedKey: string;
  /**
   * `<version tag>:<digest>`, or empty where nothing is compared. Two are the same unless both have the same
   * tag (the text before the first colon) and differ. An empty one is the same as any other.
   */
  readonly fingerprint: string;
  /** Who owns, or wants to own, the key. */
  readonly ownerId: string;
  /** Counts from the moment at which the claim is obtained. */
  readonly leaseMs: number;
  /** Of a record in progress, from now on; always longer than the lease. */
  readonly retentionMs: number;
}

/**
 * The store's word, decided in one atomic step by its own clock: the first row of the decision table that fits.
 * `decideBegin` is that table as a function.
 */
export type BeginAnswer =
  | {
      readonly kind: 'acquired';
      readonly claim: Claim;
      /** Whether this very step replaced an owner whose lease was over; false where a begin was sent again. */
      readonly tookOver: boolean;
    }
  /** Another owner's lease runs for so long; above 0. A bounded wait for a lock that ran out is busy as well. */
  | { readonly kind: 'busy'; readonly leaseLeftMs: number }
  | {
      readonly kind: 'completed';
      readonly outcome: StoredOutcome;
      /** Whether both fingerprints had the same tag, so that they are known to be equal. */
      readonly compared: boolean;
    }
  | { readonly kind: 'mismatch'; readonly state: 'completed' | 'in-progress' };

/** A claim that is to live on, or whose outcome is to be kept. */
export interface ClaimRequest {
  /** Opaque text of fixed length. */
  readonly storedKey: string;
  /** Owner and fence are compared; attempts and mark are written where the record is gone. */
  readonly claim: Claim;
  /** Written where the record is gone; compared with nothing. */
  readonly fingerprint: string;
  /** From now on: of a record in progress for `extend`, of a completed one for `complete`. */
  readonly retentionMs: number;
}

/** Renewal of a claim. */
export interface ExtendRequest extends ClaimRequest {
  /** How long the owner may be silent from now on. */
  readonly leaseMs: number;
}

/** The outcome of a claim. */
export interface CompleteRequest extends ClaimRequest {
  /** What is kept. */
  readonly outcome: StoredOutcome;
}

/** A claim that is given up without an outcome; the fence where it is known. */
export interface ReleaseRequest {
  /** Opaque text of fixed length. */
  readonly storedKey: string;
  /** Who owns, or wants to own, the key. */
  readonly ownerId: string;
  /** The fence of the claim, where it is known. */
  readonly fence?: string | undefined;
  /** How long the released record is kept, from now on: fence and attempts are remembered for so long. */
  readonly retentionMs: number;
  /** How long it is kept instead where the record carries the mark `recovered`. */
  readonly recoveredRetentionMs: number;
}

/** What became of a claim: it holds, it was written anew because the record was gone, or it is not current. */
export type ClaimAnswer = 'ok' | 'recreated' | 'fenced';
/** What became of a release; `gone` where there is no record. */
export type ReleaseAnswer = 'ok' | 'fenced' | 'gone';

/** A record as an operator sees it; reading changes nothing. */
export interface RecordView {
  /** Where the record stands. */
  readonly state: 'in-progress' | 'completed' | 'released';
  /** Claims that the record has seen. */
  readonly attempts: number;
  /** Whether an earlier claim ended in silence. */
  readonly recovered: boolean;
  /** The fence of the claim, where it is known. */
  readonly fence: string;
  /** Only in progress; 0 or negative where the lease is over. */
  readonly leaseLeftMs?: number;
  /** Above 0: a record whose retention is over is as good as absent. */
  readonly retentionLeftMs: number;
  /** Only completed. */
  readonly outcome?: StoredOutcome;
  /** Not released. Left out, the caller of a forgotten owner may be given what another payload came to. */
  readonly fingerprint?: string;
}

/** A forgotten record is kept for the rest of its retention, and at least for so long: live owners stay fenced. */
export const FORGOTTEN_RETENTION_MS = 60_000;

/**
 * The port behind idempotency. Whatever keeps these promises will do; the contract suite of `…/testing` checks
 * them. In every operation a record whose retention is over counts as absent, and only the store's clock judges
 * leases and retention.
 *
 * 1. At most one (owner, fence) of a key is current. Only `begin` changes which, atomically, and only from absent,
 *    released, or in progress with a lease that is over.
 * 2. `extend`, `complete` and `release` change something only for the current one.
 * 3. A completed record never changes its outcome.
 * 4. Each new claim has a higher fence than every earlier claim of the record; a re-sent begin keeps its fence.
 */
export interface IdempotencyStore {
  /**
   * Decides by the table of the specification. Safe to send again: the owner of a record in progress is given
   * the same claim, lease renewed. What is not `acquired` has written nothing.
   */
  begin(request: BeginRequest, options?: StoreCallOptions): Promise<BeginAnswer>;
  /**
   * Renews lease and retention of a record that is in progress by the same owner and fence (`ok`), or writes such
   * a record with the claim's own fence, attempts and mark where there is none (`recreated`). Everything else,
   * a record completed by the same claim included, is `fenced` and stays.
   */
  extend(request: ExtendRequest, options?: StoreCallOptions): Promise<ClaimAnswer>;
  /**
   * Keeps the outcome of a record that is in progress by the same owner and fence, its lease over or not (`ok`),
   * or writes a completed record where there is none (`recreated`). Completed by the same owner and fence already:
   * `ok`, nothing changes. Everything else is `fenced` and stays.
   */
  complete(request: CompleteRequest, options?: CompleteOptions): Promise<ClaimAnswer>;
  /**
   * Makes a record released that is in progress by the same owner (and fence, if given): `ok`. Released already,
   * by whomever: `ok`, nothing changes. In progress by another or completed: `fenced`, stays. No record: `gone`.
   */
  release(request: ReleaseRequest, options?: StoreCallOptions): Promise<ReleaseAnswer>;
  /** What is known of a key; `undefined` where there is no record. Changes nothing. */
  read(storedKey: string, options?: StoreCallOptions): Promise<RecordView | undefined>;
  /**
   * Makes a record released, whatever it was; fence, attempts and mark stay, `FORGOTTEN_RETENTION_MS` says
   * for how long. Answers whether there was a record, a released one included.
   */
  forget(storedKey: string, options?: StoreCallOptions): Promise<boolean>;
  /** Removes records whose retention is over, at most so many; answers how many. Other records are untouched. */
  sweep(atMost: number, options?: StoreCallOptions): Promise<number>;
  /**
   * A hint that a record may have changed; may answer early, late, or never before the time. Answers when the
   * signal aborts, or rejects: both end a wait.
   */
  waitForChange?(storedKey: string, atMostMs: number, options?: StoreCallOptions): Promise<void>;
  /** Resolves where the store can be reached. */
  ping(options?: StoreCallOptions): Promise<void>;
  /** What an operator should be told once at boot, as whole sentences; it never rejects and never hangs a boot. */
  warnings?(options?: StoreCallOptions): Promise<readonly string[]>;
  /** Closes what the store itself has opened; what it was handed stays open. */
  close?(): Promise<void>;
}
