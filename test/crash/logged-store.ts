import type {
  BeginAnswer,
  BeginRequest,
  ClaimAnswer,
  CompleteRequest,
  ExtendRequest,
  IdempotencyStore,
  ReleaseRequest,
  StoreCallOptions,
  StoredOutcome,
} from 'nestjs-selfheal';
import { type Ledger, machineMs } from './ledger.js';
import type { StoreMoment } from './orders.js';

/** What a store that tells of itself needs. */
export interface LoggedStoreParts {
  readonly store: IdempotencyStore;
  readonly ledger: Ledger;
  /** The key of the call that is being made. */
  currentKey(): string | undefined;
  /** Resolves when the operation may go on. */
  before(moment: StoreMoment, key: string): Promise<void>;
  /** Whether a transaction has the record: then nothing is renewed, nor need be. */
  isInTransaction(key: string): boolean;
}

const RUN = /"run":"([^"]+)"/;

/** Passes everything on, and writes down what the store has acknowledged. */
export class LoggedStore implements IdempotencyStore {
  private readonly keys = new Map<string, string>();

  constructor(private readonly parts: LoggedStoreParts) {}

  async begin(request: BeginRequest, options?: StoreCallOptions): Promise<BeginAnswer> {
    const { store, ledger, currentKey, before } = this.parts;
    const { storedKey, leaseMs } = request;
    this.keys.set(storedKey, currentKey() ?? this.keyOf(storedKey));
    const key = this.keyOf(storedKey);
    await before('begin', key);
    const sentMs = machineMs();
    const answer = await store.begin(request, options);
    if (answer.kind === 'acquired') {
      const { fence, attempts } = answer.claim;
      ledger.append({
        line: 'acquired',
        key,
        fence,
        attempts,
        tookOver: answer.tookOver,
        sentMs,
        leaseMs,
      });
    }
    return answer;
  }

  async extend(request: ExtendRequest, options?: StoreCallOptions): Promise<ClaimAnswer> {
    const { store, ledger, before, isInTransaction } = this.parts;
    const { storedKey, leaseMs, claim } = request;
    const key = this.keyOf(storedKey);
    await before('extend', key);
    const sentMs = machineMs();
    const wasInTransaction = isInTransaction(key);
    const answer = await store.extend(request, options);
    const { fence } = claim;
    if (answer !== 'fenced' && (wasInTransaction || isInTransaction(key))) return answer;
    ledger.append(
      answer === 'fenced'
        ? { line: 'refused', key, fence }
        : { line: 'renewed', key, fence, sentMs, leaseMs },
    );
    return answer;
  }

  async complete(request: CompleteRequest, options?: StoreCallOptions): Promise<ClaimAnswer> {
    const { store, ledger, before } = this.parts;
    const { storedKey, claim, outcome } = request;
    const key = this.keyOf(storedKey);
    await before('complete', key);
    const answer = await store.complete(request, options);
    const { fence } = claim;
    const run = runOf(outcome);
    ledger.append(
      answer === 'fenced' ? { line: 'refused', key, fence } : { line: 'recorded', key, run, fence },
    );
    return answer;
  }

  async release(request: ReleaseRequest, options?: StoreCallOptions) {
    const answer = await this.parts.store.release(request, options);
    if (answer === 'ok') {
      const key = this.keyOf(request.storedKey);
      this.parts.ledger.append({ line: 'released', key, fence: request.fence });
    }
    return answer;
  }

  read(storedKey: string, options?: StoreCallOptions) {
    return this.parts.store.read(storedKey, options);
  }

  forget(storedKey: string, options?: StoreCallOptions): Promise<boolean> {
    return this.parts.store.forget(storedKey, options);
  }

  sweep(atMost: number, options?: StoreCallOptions): Promise<number> {
    return this.parts.store.sweep(atMost, options);
  }

  ping(options?: StoreCallOptions): Promise<void> {
    return this.parts.store.ping(options);
  }

  private keyOf(storedKey: string): string {
    return this.keys.get(storedKey) ?? `unknown ${storedKey}`;
  }
}

/** The run that an outcome tells of. */
function runOf({ body }: StoredOutcome): string {
  return RUN.exec(Buffer.from(body).toString('utf8'))?.[1] ?? 'unknown';
}
