import type { Environment } from '../core/environment.js';
import {
  type BeginAnswer,
  type BeginRequest,
  type IdempotencyStore,
  isConnectionFailure,
  type ReleaseRequest,
  type StoreCallOptions,
} from '../policies/idempotency/index.js';

const FIRST_RESEND_MS = 20;

type StoreOperation<T> = (options: StoreCallOptions) => Promise<T>;

/** Asks the store, and waits for each answer no longer than the application allows, whatever the driver does. */
export class StoreCalls {
  constructor(
    readonly store: IdempotencyStore,
    readonly timeoutMs: number,
    private readonly environment: Environment,
  ) {}

  /** @throws what the store rejects with, or an error that says that the time is over */
  bounded<T>(operation: StoreOperation<T>, atMostMs = this.timeoutMs): Promise<T> {
    const left = new AbortController();
    return new Promise<T>((resolve, reject) => {
      const timer = this.environment.clock.schedule(
        atMostMs,
        () => {
          const error = new Error(`the store did not answer within ${atMostMs} ms`);
          reject(error);
          left.abort(error);
        },
        { detached: true },
      );
      const done = (): void => timer.cancel();
      started(operation, { signal: left.signal }).then(resolve, reject).then(done, done);
    });
  }

  /** One begin, sent again by the same owner while the connection fails and the time allows. */
  async begin(request: BeginRequest, release: ReleaseRequest): Promise<BeginAnswer> {
    const { clock } = this.environment;
    const endMs = clock.nowMs() + this.timeoutMs;
    for (let pauseMs = FIRST_RESEND_MS; ; pauseMs *= 2) {
      const leftMs = endMs - clock.nowMs();
      try {
        return await this.bounded((options) => this.lateBegin(request, release, options), leftMs);
      } catch (error) {
        if (!isConnectionFailure(error) || clock.nowMs() + pauseMs >= endMs) throw error;
        await this.pause(pauseMs);
      }
    }
  }

  /** A begin whose answer comes when nobody waits any more gives its claim back: its method will not run. */
  private async lateBegin(
    request: BeginRequest,
    release: ReleaseRequest,
    options: StoreCallOptions,
  ): Promise<BeginAnswer> {
    const answer = await this.store.begin(request, options);
    if (answer.kind === 'acquired' && options.signal?.aborted === true) this.releaseSoon(release);
    return answer;
  }

  /** A release that nobody waits for; at worst the lease ends. */
  releaseSoon(release: ReleaseRequest): void {
    this.bounded((options) => this.store.release(release, options)).catch(() => undefined);
  }

  private pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      this.environment.clock.schedule(milliseconds, resolve);
    });
  }
}

async function started<T>(operation: StoreOperation<T>, options: StoreCallOptions): Promise<T> {
  return operation(options);
}
