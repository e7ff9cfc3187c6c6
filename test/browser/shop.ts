import { setTimeout as delay } from 'node:timers/promises';
import { type CanActivate, type ExecutionContext, Injectable, type Type } from '@nestjs/common';
import {
  Bulkhead,
  CircuitBreaker,
  Fallback,
  Hedge,
  RateLimiter,
  Retryable,
  TimeLimiter,
} from 'nestjs-selfheal';

/** What the dependencies of the shop do at the moment. */
export const weather = { isDown: false, latencyMs: 4 };

async function dependency(): Promise<string> {
  await delay(weather.latencyMs * (0.5 + Math.random()));
  if (weather.isDown) throw Object.assign(new Error('upstream answered 503'), { status: 503 });
  return 'fine';
}

const SOON = { initialDelay: 20, maxDelay: 100 } as const;

/** Decorated as such services are. */
@Injectable()
export class PaymentsService {
  @Retryable({ maxAttempts: 3, backoff: SOON, retryUnsafe: true })
  @CircuitBreaker({ name: 'payments', waitDurationInOpenState: { initialDelay: '1s', maxDelay: '2s' } })
  @TimeLimiter('800ms')
  async charge(): Promise<string> {
    return dependency();
  }

  @Bulkhead({ name: 'refunds', maxConcurrentCalls: 4, maxQueueSize: 8 })
  async refund(): Promise<string> {
    return dependency();
  }
}

@Injectable()
export class InventoryService {
  @Fallback({ value: 'perhaps' })
  @Retryable({ maxAttempts: 2, backoff: SOON })
  @CircuitBreaker({ name: 'inventory', waitDurationInOpenState: '1s' })
  async stockOf(): Promise<string> {
    return dependency();
  }

  @Hedge('30ms')
  async search(): Promise<string> {
    return dependency();
  }
}

@Injectable()
export class ShippingService {
  @RateLimiter({ name: 'carrier', limit: 40, window: '1s' })
  @CircuitBreaker('shipping')
  async quote(): Promise<string> {
    await delay(weather.latencyMs);
    return 'tomorrow';
  }
}

/** Calls them all, at a steady pace, until it is told to stop. */
export class Traffic {
  private readonly timer: NodeJS.Timeout;

  constructor(calls: readonly (() => Promise<unknown>)[], perSecond = 20) {
    this.timer = setInterval(() => {
      for (const call of calls) void call().catch(() => undefined);
    }, 1_000 / perSecond);
  }

  stop(): void {
    clearInterval(this.timer);
  }
}

/** Lets those give orders whose cookie says so. */
@Injectable()
export class CookieGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<{ headers: { cookie?: string } }>();
    return headers.cookie?.includes('role=operator') === true;
  }
}

/** A class of so many methods under one breaker. */
export function manyMethods(count: number): Type {
  class Many {}
  const decorate = [CircuitBreaker('many'), Retryable()];
  for (let index = 0; index < count; index += 1) {
    const name = `method${index}`;
    const descriptor = { value: dependency.bind(undefined), configurable: true, writable: true };
    for (const decorator of decorate) decorator(Many.prototype, name, descriptor);
    Object.defineProperty(Many.prototype, name, descriptor);
  }
  return Many;
}
