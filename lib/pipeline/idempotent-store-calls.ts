import type { Environment } from '../core/environment.js';
import type { LaneEntry } from '../core/lane.js';
import {
  type BeginAnswer,
  type ClaimAnswer,
  type CompleteRequest,
  type ExtendRequest,
  type IdempotencyRule,
  type IdempotencyStore,
  isConnectionFailure,
  type MemoryClaims,
  type ReleaseAnswer,
  type ReleaseRequest,
  StoreQuestion,
} from '../policies/idempotency/index.js';
import type { Soon } from './idempotent-call.js';

const FIRST_RESEND_MS = 20;

type StoreOperation<T> = (question: StoreQuestion) => Promise<T>;

/**
 * Asks the store, and waits for each answer no longer than the application allows, whatever the driver does. Claims
 * in the process itself answer at once: there is nothing to wait for, and nothing to give back.
 */
export class StoreCalls {
  constructor(
    readonly store: IdempotencyStore,
    readonly timeoutMs: number,
    private readonly environment: Environment,
    /** What is in the store, where it answers at once. */
    private readonly claims?: MemoryClaims,
  ) {}

  /** @throws what the store rejects with, or an error that says that the time is over */
  bounded<T>(
    operation: StoreOperation<T>,
    atMostMs = this.timeoutMs,
    late?: (answer: T) => void,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const asked = new AskedStore(atMostMs, reject);
      const stop = this.timed(asked, atMostMs);
      answerOf(operation, asked.question).then(
        (answer) => {
          if (asked.question.isLeft) return late?.(answer);
          stop();
          resolve(answer);
        },
        (error: unknown) => {
          stop();
          reject(error);
        },
      );
    });
  }

  /** One begin, sent again by the same owner while the connection fails and the time allows. */
  begin(rule: IdempotencyRule, ownerId: string): Soon<BeginAnswer> {
    if (this.claims !== undefined) return this.claims.begin(rule.begin(ownerId));
    const sentMs = this.environment.clock.nowMs();
    return this.beginWithin(this.timeoutMs, rule, ownerId).then(
      (answer) => this.withinItsLease(answer, sentMs, rule, ownerId),
      (error: unknown) => this.beginAgain(error, sentMs + this.timeoutMs, rule, ownerId),
    );
  }

  /** Renews a claim; a beat that hangs must not eat the whole lease. */
  extend(request: ExtendRequest, atMostMs: number): Soon<ClaimAnswer> {
    if (this.claims !== undefined) return this.claims.extend(request);
    return this.bounded((question) => this.store.extend(request, question), atMostMs);
  }

  /** Keeps an outcome. */
  complete(request: CompleteRequest): Soon<ClaimAnswer> {
    if (this.claims !== undefined) return this.claims.complete(request);
    return this.bounded(() => this.store.complete(request));
  }

  /** Gives a claim up. */
  release(request: ReleaseRequest): Soon<ReleaseAnswer> {
    if (this.claims !== undefined) return this.claims.release(request);
    return this.bounded(() => this.store.release(request));
  }

  /** A release that nobody waits for; at worst the lease ends. */
  releaseSoon(release: ReleaseRequest): void {
    this.bounded((options) => this.store.release(release, options)).catch(() => undefined);
  }

  private async beginAgain(
    error: unknown,
    endMs: number,
    rule: IdempotencyRule,
    ownerId: string,
  ): Promise<BeginAnswer> {
    const { clock } = this.environment;
    let cause = error;
    for (let pauseMs = FIRST_RESEND_MS; ; pauseMs *= 2) {
      if (!isConnectionFailure(cause) || clock.nowMs() + pauseMs >= endMs) throw cause;
      await this.pause(pauseMs);
      try {
        const sentMs = clock.nowMs();
        const answer = await this.beginWithin(endMs - sentMs, rule, ownerId);
        return await this.withinItsLease(answer, sentMs, rule, ownerId);
      } catch (next) {
        cause = next;
      }
    }
  }

  /**
   * A lease that was over before its begin was heard, as in a process that has stood still: somebody may have taken
   * the key over by now, so the owner asks once more before anything runs.
   */
  private withinItsLease(
    answer: BeginAnswer,
    sentMs: number,
    rule: IdempotencyRule,
    ownerId: string,
  ): Soon<BeginAnswer> {
    const isOver = answer.kind === 'acquired' && this.environment.clock.nowMs() - sentMs >= rule.leaseMs;
    return isOver ? this.renewed(answer, rule, ownerId) : answer;
  }

  /** @throws where the answer takes longer than the lease again */
  private async renewed(
    late: Extract<BeginAnswer, { kind: 'acquired' }>,
    rule: IdempotencyRule,
    ownerId: string,
  ): Promise<BeginAnswer> {
    const { clock } = this.environment;
    const sentMs = clock.nowMs();
    const again = await this.beginWithin(this.timeoutMs, rule, ownerId);
    if (again.kind !== 'acquired') return again;
    const isOver = clock.nowMs() - sentMs >= rule.leaseMs;
    if (isOver) throw new Error(`the store answers later than the lease of ${rule.leaseMs} ms is long`);
    // Whether it was a takeover was said the first time.
    return again.claim.fence === late.claim.fence ? late : again;
  }

  /** A begin whose answer comes when nobody waits any more gives its claim back: its method will not run. */
  private beginWithin(atMostMs: number, rule: IdempotencyRule, ownerId: string): Promise<BeginAnswer> {
    const request = rule.begin(ownerId);
    return this.bounded(
      (question) => this.store.begin(request, question),
      atMostMs,
      ({ kind }) => {
        if (kind === 'acquired') this.releaseSoon(rule.release(ownerId));
      },
    );
  }

  /** All questions of one length share a timer; a length that is met once has its own. */
  private timed(asked: AskedStore, atMostMs: number): () => void {
    const { clock, lanes } = this.environment;
    if (atMostMs === this.timeoutMs) {
      const lane = lanes.of(atMostMs);
      lane.enter(asked);
      return () => lane.leave(asked);
    }
    const timer = clock.schedule(atMostMs, () => asked.timeUp(), { detached: true });
    return () => timer.cancel();
  }

  private pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      this.environment.clock.schedule(milliseconds, resolve);
    });
  }
}

/** One question whose time runs. */
class AskedStore implements LaneEntry {
  readonly question = new StoreQuestion();
  laneDueMs = 0;
  lanePrevious: LaneEntry | undefined;
  laneNext: LaneEntry | undefined;

  constructor(
    private readonly atMostMs: number,
    private readonly reject: (error: Error) => void,
  ) {}

  /** Called by the lane. */
  timeUp(): void {
    const error = new Error(`the store did not answer within ${this.atMostMs} ms`);
    this.reject(error);
    this.question.leave(error);
  }
}

/** What a store throws at once is a rejection too. */
function answerOf<T>(operation: StoreOperation<T>, question: StoreQuestion): Promise<T> {
  try {
    return Promise.resolve(operation(question));
  } catch (error) {
    return Promise.reject(error);
  }
}
