import { describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { CircuitBreaker, ResilienceService, Retryable } from 'nestjs-selfheal';
import { Applications, AT_ONCE, Backend, outcomeOf } from '../../../support/nest-applications.js';

@Injectable()
class Payments {
  readonly backend = new Backend('F');

  @Retryable(AT_ONCE)
  @CircuitBreaker({ failureThreshold: 1 })
  async charge(): Promise<string> {
    return this.backend.ask();
  }
}

describe('one of several things that are said of a method while it runs', () => {
  const applications = new Applications();

  it('is taken back from the method as it is written now, not as it was when it was said', async () => {
    const { get } = await applications.start({ providers: [Payments] });
    const [service, payments] = [get(ResilienceService), get(Payments)];
    const restore = service.override('Payments.charge', { retry: { maxAttempts: 5 } });
    service.override('Payments.charge', { retry: { maxAttempts: 2 } });

    service.reconfigure({ enabled: false });
    restore();
    await outcomeOf(() => payments.charge());
    await outcomeOf(() => payments.charge());

    expect(payments.backend.runs).toBe(2);
  });
});
