import type { Environment } from '../core/environment.js';
import {
  IdempotencyStoreError,
  type IdempotencyStore,
  KeyNames,
  type KeyParts,
  type MemoryClaims,
  type RecordView,
  type ResolvedIdempotencySettings,
  type StoreCallOptions,
} from '../policies/idempotency/index.js';
import { BackgroundWork } from './idempotent-background.js';
import type { GuardedCall } from './idempotent-call.js';
import { Conversations, RunningKeys } from './idempotent-conversations.js';
import type { RunSurroundings } from './idempotent-surroundings.js';
import { GuardedRun } from './idempotent-run.js';
import { StoreCalls } from './idempotent-store-calls.js';
import { Beats } from './idempotent-beats.js';
import { type RecordName, wholeName } from './idempotent-record-name.js';
import { OwnerIds } from './idempotent-owner-ids.js';
import { Sweeper } from './idempotent-sweeper.js';

/** Settings that a runner needs. */
export type RunnerSettings = Pick<
  ResolvedIdempotencySettings,
  'storeTimeoutMs' | 'sweepIntervalMs' | 'namespace' | 'codec' | 'replayHeaders'
>;

/** A record as an operator sees it. */
export interface InspectedRecord extends Omit<RecordView, 'outcome' | 'fingerprint'> {
  /** Only completed: how the outcome is given again. */
  readonly outcome?: 'wire' | 'value' | 'error' | 'tombstone';
}

const STORE_RETRY_MS = 1_000;

/** All guarded calls of one application, and its store. */
export class IdempotentRunner {
  private readonly around: RunSurroundings;
  private readonly sweeper: Sweeper;
  private readonly calls: StoreCalls;
  private readonly background: BackgroundWork;
  private readonly names: KeyNames;

  constructor(
    store: IdempotencyStore,
    readonly settings: RunnerSettings,
    readonly environment: Environment,
    /** What is in the store, where it answers at once and nobody else is to see what it is asked. */
    claims?: MemoryClaims,
  ) {
    this.calls = new StoreCalls(store, settings.storeTimeoutMs, environment, claims);
    this.background = new BackgroundWork(environment);
    this.names = new KeyNames(settings.namespace);
    this.sweeper = new Sweeper(this.calls, settings.sweepIntervalMs, environment);
    const { calls, background } = this;
    this.around = {
      environment,
      calls,
      background,
      conversations: new Conversations(),
      ownerIds: new OwnerIds(),
      beats: new Beats(environment.clock),
      running: new RunningKeys(),
    };
  }

  /** Gives the caller its answer: the method's own, a replay of it, or a refusal. */
  run(call: GuardedCall): Promise<unknown> {
    this.sweeper.start();
    return new GuardedRun(this.around, call).run();
  }

  /** What is known of a key; changes nothing. @throws {IdempotencyStoreError} of phase `read` */
  async inspect(name: RecordName): Promise<InspectedRecord | undefined> {
    const whole = wholeName(name);
    const storedKey = this.nameOf(whole);
    const view = await this.ask('read', whole, (store, options) => store.read(storedKey, options));
    if (view === undefined) return undefined;
    const { outcome, fingerprint: _, ...rest } = view;
    return outcome === undefined ? rest : { ...rest, outcome: outcome.kind };
  }

  /**
   * Lets the next call of a key run; an owner that still runs is fenced. Answers whether there was a record.
   *
   * @throws {IdempotencyStoreError} of phase `forget`
   */
  async forget(name: RecordName): Promise<boolean> {
    const whole = wholeName(name);
    const storedKey = this.nameOf(whole);
    const isForgotten = await this.ask('forget', whole, (store, options) => store.forget(storedKey, options));
    // Whoever comes to this process asks the store from now on, and does not wait for the owner that was fenced.
    this.around.conversations.find(storedKey)?.over();
    return isForgotten;
  }

  /** Whether the running code was started by a run with the same key that has not settled. */
  isInside(storedKey: string): boolean {
    return this.around.running.isInside(storedKey);
  }

  /** Runs a function inside a run of the key; answers how to say that it has settled. */
  inside<T>(storedKey: string, fn: () => T): { readonly result: T; readonly settled: () => void } {
    const { running } = this.around;
    const run = running.begin(storedKey);
    const settled = (): void => {
      run.isSettled = true;
    };
    return { result: running.inside(run, fn, undefined), settled };
  }

  /** Resolves when all owners have ended and all outcomes are recorded; {@link IdempotentRunner.stop} cuts it short. */
  idle(): Promise<void> {
    return this.background.idle();
  }

  /** No timer is left after it: what is not recorded by now is left to the lease. */
  stop(): void {
    this.sweeper.stop();
    this.background.stop();
  }

  /** The name of a record. */
  nameOf(name: KeyParts): string {
    return this.names.of(name);
  }

  private async ask<T>(
    phase: 'read' | 'forget',
    { operation }: KeyParts,
    question: (store: IdempotencyStore, options: StoreCallOptions) => Promise<T>,
  ): Promise<T> {
    const { calls } = this;
    try {
      return await calls.bounded((options) => question(calls.store, options));
    } catch (cause) {
      throw new IdempotencyStoreError({ operation, phase, retryAfterMs: STORE_RETRY_MS, cause });
    }
  }
}
