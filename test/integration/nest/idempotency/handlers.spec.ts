import { beforeEach, describe, expect, it } from '@jest/globals';
import { Body, Controller, NotFoundException, Param, Post, UseInterceptors } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { map, type Observable } from 'rxjs';
import { Idempotent, InvalidOptionsError } from 'nestjs-selfheal';
import { Applications, outcomeOf, type Platform } from '../../../support/nest-applications.js';

interface Order {
  readonly id: string;
  readonly amount: number;
}

let runs = 0;

beforeEach(() => {
  runs = 0;
});

class Envelope implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((data: unknown) => ({ data })));
  }
}

@Controller('orders')
class OrdersController {
  @UseInterceptors(Envelope)
  @Idempotent({ key: (_: string, order: Order) => order.id })
  @Post(':shop')
  async place(@Param('shop') shop: string, @Body() { amount }: Order): Promise<object> {
    runs += 1;
    if (shop === 'closed') throw new NotFoundException(`no shop for ${amount}`);
    return { shop, amount, run: runs };
  }

  @Post(':shop/scoped')
  @Idempotent({ key: () => 'k', scope: ({ request }) => String(request) })
  async scoped(): Promise<void> {
    runs += 1;
  }

  @MessagePattern('place')
  @Idempotent({ key: ({ id }: Order) => id })
  async bare({ amount }: Order): Promise<number> {
    runs += 1;
    return amount;
  }

  @MessagePattern('place.with-context')
  @Idempotent({ key: (_: object, { id }: Order) => id })
  async withContext(@Ctx() _: object, @Payload() { amount }: Order): Promise<number> {
    runs += 1;
    return amount;
  }
}

describe.each<Platform>(['Express', 'Fastify'])('guarded handlers with a key function on %s', (platform) => {
  const applications = new Applications();

  it('replays the value through the interceptors of the route', async () => {
    const { address } = await applications.listen(platform, { controllers: [OrdersController] });
    const post = (shop: string, order: Order) =>
      fetch(`${address}/orders/${shop}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(order),
      });

    const answers = [await post('s', { id: 'a', amount: 1 }), await post('s', { amount: 1, id: 'a' })];
    const failures = [
      await post('closed', { id: 'b', amount: 1 }),
      await post('closed', { id: 'b', amount: 1 }),
    ];
    const mismatch = await post('s', { id: 'a', amount: 2 });

    expect(answers.map(({ status }) => status)).toEqual([201, 201]);
    const [first, second] = await Promise.all(answers.map((each) => each.text()));
    expect(second).toBe(first);
    expect(failures.map(({ status }) => status)).toEqual([404, 404]);
    const [failed, replayed] = await Promise.all(failures.map((each) => each.text()));
    expect(replayed).toBe(failed);
    expect(mismatch.status).toBe(422);
    expect(mismatch.headers.get('cache-control')).toBe('no-store');
    expect(runs).toBe(2);
  });
});

describe('guarded message handlers', () => {
  const applications = new Applications();

  it('compare the payload, and not what carries it', async () => {
    const { get } = await applications.start({ controllers: [OrdersController] });
    const orders = get(OrdersController);

    await orders.withContext({ socket: 1 }, { id: 'a', amount: 1 });
    expect(await orders.withContext({ socket: 2 }, { id: 'a', amount: 1 })).toBe(1);
    const other = await outcomeOf(() => orders.withContext({ socket: 2 }, { id: 'a', amount: 2 }));

    expect(other.error).toMatchObject({ code: 'RESILIENCE_IDEMPOTENCY_MISMATCH' });
    expect(runs).toBe(1);
  });

  it('refuse a scope that reads a request where none is answered', async () => {
    const { get } = await applications.start({ controllers: [OrdersController] });
    const orders = get(OrdersController);

    const reading = await outcomeOf(() => orders.scoped());
    expect(reading.error).toBeInstanceOf(InvalidOptionsError);
    expect(runs).toBe(0);
  });
});
