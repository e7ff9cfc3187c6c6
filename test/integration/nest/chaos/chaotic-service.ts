import { Injectable, type INestApplicationContext, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  CallContext,
  Chaos,
  CircuitBreaker,
  CircuitBreakerRegistry,
  Retryable,
  TimeLimiter,
} from 'nestjs-selfheal';
import { ManualClock, ResilienceTestingModule, type ResilienceTestingOptions } from 'nestjs-selfheal/testing';
import { defer, Observable, of } from 'rxjs';

export const requests = new AsyncLocalStorage<string>();

/** Replaces the method by one that counts calls, as a foreign decorator would. */
export const counted = { calls: 0 };
const Counted =
  () =>
  (_target: object, _member: string, descriptor: PropertyDescriptor): void => {
    const inner = descriptor.value as () => unknown;
    descriptor.value = function (this: unknown, ...args: []) {
      counted.calls += 1;
      return Reflect.apply(inner, this, args);
    };
  };

/** Methods of every kind, which count their runs. */
@Injectable()
export class S {
  runs = 0;

  @CircuitBreaker()
  async m(): Promise<string> {
    return this.run();
  }

  @Retryable({ maxAttempts: 3, budget: false, backoff: { type: 'fixed', initialDelay: 100, jitter: 'none' } })
  async retried(): Promise<string> {
    return this.run();
  }

  @TimeLimiter({ attemptTimeout: 100 })
  async limited(): Promise<string> {
    return this.run();
  }

  @CircuitBreaker()
  async withContext(order: string, @CallContext() call?: CallContext): Promise<string> {
    this.run();
    return `${order} ${call?.operation ?? ''} ${requests.getStore() ?? ''}`;
  }

  @TimeLimiter({ attemptTimeout: 5_000 })
  stream(): Observable<string> {
    return defer(() => of(`${this.run()} ${requests.getStore() ?? ''}`));
  }

  @CircuitBreaker()
  async *items(): AsyncGenerator<string> {
    yield this.run();
  }

  /** Nothing tells what it gives before it is called. */
  @CircuitBreaker()
  later(): PromiseLike<string> & Promise<string> {
    return Promise.resolve(this.run());
  }

  /** The same; the process remembers what a run has shown, so this one is for a single test. */
  @CircuitBreaker()
  muchLater(): PromiseLike<string> & Promise<string> {
    return Promise.resolve(this.run());
  }

  /** A stream that nothing tells of; for a single test each, too. */
  @CircuitBreaker()
  hidden(): Observable<string> | Promise<string> {
    return of(this.run());
  }

  @CircuitBreaker()
  wellHidden(): Observable<string> | Promise<string> {
    return of(this.run());
  }

  @Retryable({ budget: false, backoff: { type: 'fixed', initialDelay: 0, jitter: 'none' } })
  @Counted()
  @CircuitBreaker()
  async split(): Promise<string> {
    return this.run();
  }

  private run(): string {
    this.runs += 1;
    return 'ok';
  }
}

@Module({ providers: [S] })
class ChaoticModule {}

/** An application, what it is about, and how it ends. */
export async function startedApplication(options: ResilienceTestingOptions = {}) {
  const root = ResilienceTestingModule.forRoot(options);
  const module = await Test.createTestingModule({ imports: [root, ChaoticModule] }).compile();
  const app: INestApplicationContext = await module.init();
  return {
    app,
    chaos: app.get(Chaos),
    clock: app.get(ManualClock),
    service: app.get(S),
    breakers: app.get(CircuitBreakerRegistry),
  };
}

/** What became of a call, and when it ended. */
export async function outcomeOf(call: Promise<unknown>, clock: ManualClock): Promise<string> {
  try {
    return `${String(await call)} at ${clock.nowMs()}`;
  } catch (error) {
    return `${error instanceof Error ? error.constructor.name : String(error)} at ${clock.nowMs()}`;
  }
}
