import { Inject, Injectable } from '@nestjs/common';
import {
  Bulkhead,
  type IdempotencyStore,
  Idempotent,
  MemoryIdempotencyStore,
  RateLimiter,
  ResilienceService,
  TimeLimiter,
} from 'nestjs-selfheal';
import { ManualClock } from 'nestjs-selfheal/testing';
import { Gate } from '../../support/idempotency-world.js';
import { outcomeOf } from '../../support/nest-applications.js';
import { httpError } from '../../support/retry-world.js';
import { Guarded, OPEN_MS } from './payments.js';

/** What each error of this package is on the wire. */
export interface Refusal {
  readonly code: string;
  readonly http: number;
  readonly retryAfterMs?: number;
}

const WINDOW_MS = 60_000;

/** The table of N29, and how long each of these says that one should wait. */
export const REFUSALS = {
  breaker: { code: 'RESILIENCE_CIRCUIT_BREAKER_OPEN', http: 503, retryAfterMs: OPEN_MS },
  bulkhead: { code: 'RESILIENCE_BULKHEAD_FULL', http: 503 },
  rateLimiter: { code: 'RESILIENCE_RATE_LIMIT_EXCEEDED', http: 429, retryAfterMs: WINDOW_MS },
  attemptTimeout: { code: 'RESILIENCE_TIMEOUT_EXCEEDED', http: 504 },
  totalTimeout: { code: 'RESILIENCE_TIMEOUT_EXCEEDED', http: 504 },
  keyMissing: { code: 'RESILIENCE_IDEMPOTENCY_KEY_MISSING', http: 400 },
  keyInvalid: { code: 'RESILIENCE_IDEMPOTENCY_KEY_INVALID', http: 400 },
  inFlight: { code: 'RESILIENCE_IDEMPOTENCY_IN_FLIGHT', http: 409, retryAfterMs: 1_000 },
  mismatch: { code: 'RESILIENCE_IDEMPOTENCY_MISMATCH', http: 422 },
  replayUnavailable: { code: 'RESILIENCE_IDEMPOTENCY_REPLAY_UNAVAILABLE', http: 409 },
  store: { code: 'RESILIENCE_IDEMPOTENCY_STORE', http: 503, retryAfterMs: 1_000 },
  options: { code: 'RESILIENCE_INVALID_OPTIONS', http: 500 },
} as const satisfies Record<string, Refusal>;

export type RefusalName = keyof typeof REFUSALS;

/** Every refusal's name, for a table of cases. */
export const REFUSAL_NAMES = Object.keys(REFUSALS) as readonly RefusalName[];

/** A refusal by its name, in the type that all of them have. */
export function refusalOf(name: RefusalName): Refusal {
  return REFUSALS[name];
}

/** A store that can be taken away. */
export class BreakableStore extends MemoryIdempotencyStore implements IdempotencyStore {
  isDown = false;

  override begin(...args: Parameters<IdempotencyStore['begin']>): ReturnType<IdempotencyStore['begin']> {
    return this.isDown ? Promise.reject(new Error('WRONGTYPE of another program')) : super.begin(...args);
  }
}

/** Methods of which each can be brought to refuse, by the policy that its decorator names. */
@Injectable()
export class Refusing {
  private gate = new Gate<string>();

  constructor(
    @Inject(ManualClock) private readonly clock: ManualClock,
    @Inject(ResilienceService) private readonly resilience: ResilienceService,
    @Inject(BreakableStore) private readonly store: BreakableStore,
  ) {}

  /** Fails with the refusal of that name. */
  async provoke(name: RefusalName): Promise<unknown> {
    const ways: Record<RefusalName, () => Promise<unknown>> = {
      breaker: () => this.second(() => this.guarded()),
      bulkhead: () => this.beside(() => this.narrow()),
      rateLimiter: () => this.second(() => this.limited()),
      attemptTimeout: () => this.hanging(),
      totalTimeout: () => this.hangingInAll(),
      keyMissing: () => this.keyed(undefined),
      keyInvalid: () => this.keyed(''),
      inFlight: () => this.beside((call) => this.keyedWork('k', call)),
      mismatch: () => this.second((call) => this.keyed('mismatch', call)),
      replayUnavailable: () => this.second(() => this.large('k')),
      store: () => this.withoutStore(() => this.keyed('store')),
      options: () => this.resilience.execute({ maxAttempts: 0 }, async () => 'never'),
    };
    return ways[name]();
  }

  @Guarded()
  async guarded(): Promise<string> {
    throw httpError(503);
  }

  @Bulkhead(1)
  async narrow(): Promise<string> {
    return this.gate.promise;
  }

  @RateLimiter({ limit: 1, window: WINDOW_MS })
  async limited(): Promise<string> {
    return 'S';
  }

  @TimeLimiter({ attemptTimeout: 50 })
  async hanging(): Promise<string> {
    return this.neverInTime();
  }

  @TimeLimiter({ totalTimeout: 50 })
  async hangingInAll(): Promise<string> {
    return this.neverInTime();
  }

  @Idempotent({ key: (key?: string) => key })
  async keyed(_key: string | undefined, call = 0): Promise<number> {
    return call;
  }

  @Idempotent({ key: (key: string) => key, fingerprint: () => 'the same' })
  async keyedWork(_key: string, _call: number): Promise<string> {
    return this.gate.promise;
  }

  @Idempotent({ key: (key: string) => key, maxStoredBytes: 1 })
  async large(_key: string): Promise<string> {
    return 'more than a byte';
  }

  private neverInTime(): Promise<string> {
    void this.clock.advance(50);
    return new Promise(() => undefined);
  }

  private async second(call: (number: number) => Promise<unknown>): Promise<unknown> {
    await outcomeOf(() => call(1));
    return call(2);
  }

  private async beside(call: (number: number) => Promise<unknown>): Promise<unknown> {
    this.gate = new Gate();
    const first = call(1);
    await this.clock.settle();
    try {
      return await call(2);
    } finally {
      this.gate.open('S');
      await first;
    }
  }

  private async withoutStore(call: () => Promise<unknown>): Promise<unknown> {
    this.store.isDown = true;
    try {
      return await call();
    } finally {
      this.store.isDown = false;
    }
  }
}
