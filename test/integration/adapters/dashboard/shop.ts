import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Bulkhead, CircuitBreaker, Fallback, RateLimiter, Retryable } from 'nestjs-selfheal';
import { AT_ONCE, Backend } from '../../../support/nest-applications.js';

@Injectable()
export class PaymentsService {
  backend = new Backend('S');

  @Retryable(AT_ONCE)
  @CircuitBreaker({ name: 'payments', failureThreshold: 3 })
  async charge(): Promise<string> {
    return this.backend.next();
  }

  @Fallback({ value: 'perhaps' })
  @Bulkhead({ name: 'refunds', maxConcurrentCalls: 2 })
  @RateLimiter({ name: 'carrier', limit: 10, window: '1s' })
  async refund(): Promise<string> {
    return this.backend.next();
  }
}

/** Lets those give orders who say that they are operators. */
@Injectable()
export class OperatorGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { headers } = context
      .switchToHttp()
      .getRequest<{ headers: Readonly<Record<string, string | undefined>> }>();
    return headers['x-role'] === 'operator';
  }
}
