import {
  type BeginAnswer,
  type BeginRequest,
  type ClaimAnswer,
  type CompleteOptions,
  type CompleteRequest,
  decideBegin,
  decideComplete,
  decideExtend,
  decideForget,
  decideRelease,
  type Decision,
  type ExtendRequest,
  type IdempotencyRecord,
  type IdempotencyStore,
  type RecordView,
  type ReleaseAnswer,
  type ReleaseRequest,
  type StoreCallOptions,
  type StoredOutcome,
  viewOf,
} from '../../lib/policies/idempotency/index.js';
import type { ManualClock } from '../../lib/testing/manual-clock.js';

/** The smallest store that keeps every promise: the tables of the rule over a map. Wrong ones are made of it. */
export class HonestStore implements IdempotencyStore {
  readonly records = new Map<string, IdempotencyRecord>();
  private lastFence = 0n;

  constructor(private readonly clock: ManualClock) {}

  get nowMs(): number {
    return this.clock.nowMs();
  }

  /** What counts of a key now. */
  live(key: string): IdempotencyRecord | undefined {
    const found = this.records.get(key);
    return found !== undefined && found.retentionEndMs > this.nowMs ? found : undefined;
  }

  /** Writes a part of a record anew. */
  change(key: string, part: Partial<IdempotencyRecord>): void {
    const found = this.records.get(key);
    // A wrong store writes what no right one would.
    if (found !== undefined) this.records.set(key, { ...found, ...part } as IdempotencyRecord);
  }

  async begin(request: BeginRequest, options?: StoreCallOptions): Promise<BeginAnswer> {
    options?.signal?.throwIfAborted();
    const moment = { nowMs: this.nowMs, nextFence: (above?: string) => this.fenceAbove(above) };
    const { storedKey } = request;
    const answer = this.decided(storedKey, decideBegin(this.records.get(storedKey), request, moment));
    return answer.kind === 'completed' ? { ...answer, outcome: copyOf(answer.outcome) } : answer;
  }

  async extend(request: ExtendRequest, options?: StoreCallOptions): Promise<ClaimAnswer> {
    options?.signal?.throwIfAborted();
    const { storedKey } = request;
    return this.decided(storedKey, decideExtend(this.records.get(storedKey), request, this.nowMs));
  }

  async complete(request: CompleteRequest, options?: CompleteOptions): Promise<ClaimAnswer> {
    options?.signal?.throwIfAborted();
    if (options?.transaction !== undefined) throw new Error('this store knows no transactions');
    const { storedKey } = request;
    const own = { ...request, outcome: copyOf(request.outcome) };
    return this.decided(storedKey, decideComplete(this.records.get(storedKey), own, this.nowMs));
  }

  async release(request: ReleaseRequest, options?: StoreCallOptions): Promise<ReleaseAnswer> {
    options?.signal?.throwIfAborted();
    const { storedKey } = request;
    return this.decided(storedKey, decideRelease(this.records.get(storedKey), request, this.nowMs));
  }

  async read(key: string, options?: StoreCallOptions): Promise<RecordView | undefined> {
    options?.signal?.throwIfAborted();
    const view = viewOf(this.records.get(key), this.nowMs);
    return view?.outcome === undefined ? view : { ...view, outcome: copyOf(view.outcome) };
  }

  async forget(key: string, options?: StoreCallOptions): Promise<boolean> {
    options?.signal?.throwIfAborted();
    return this.decided(key, decideForget(this.records.get(key), this.nowMs));
  }

  async sweep(atMost: number, options?: StoreCallOptions): Promise<number> {
    options?.signal?.throwIfAborted();
    const over = [...this.records.keys()].filter((key) => this.live(key) === undefined).slice(0, atMost);
    for (const key of over) this.records.delete(key);
    return over.length;
  }

  async ping(options?: StoreCallOptions): Promise<void> {
    options?.signal?.throwIfAborted();
  }

  /** Writes what was decided. */
  decided<A>(key: string, { answer, write }: Decision<A>): A {
    if (write !== undefined) this.records.set(key, write);
    return answer;
  }

  private fenceAbove(above = '0'): string {
    const last = BigInt(above);
    this.lastFence = (last > this.lastFence ? last : this.lastFence) + 1n;
    return String(this.lastFence);
  }
}

function copyOf({ kind, metadata, body }: StoredOutcome): StoredOutcome {
  return { kind, metadata, body: Uint8Array.from(body) };
}
