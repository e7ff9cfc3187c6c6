import { randomUUID } from 'node:crypto';
import { applyDecorators, Body, Controller, Get, Injectable, Param, Post, type Type } from '@nestjs/common';
import { CircuitBreaker, Fallback, Idempotent, Retryable, TimeLimiter } from 'nestjs-selfheal';
import { machineNowMs, type SlowAnswer } from './web-model.js';

const SLOW_MS = 100;

interface Left {
  readonly sku: string;
  readonly left: number;
}

interface Order {
  readonly id: string;
  readonly amount: number;
}

/** A service with a bare method; those below have the same one under policies. */
@Injectable()
export class Stock {
  async stockOf(sku: string): Promise<Left | null> {
    return { sku, left: 3 };
  }
}

/** Without a time limit. */
@Injectable()
export class DecoratedStock {
  @Fallback({ value: null })
  @Retryable()
  @CircuitBreaker()
  async stockOf(sku: string): Promise<Left | null> {
    return { sku, left: 3 };
  }
}

/** With a time limit: Node then keeps an async context for every promise of the process. */
@Injectable()
export class LimitedStock {
  @Fallback({ value: null })
  @Retryable()
  @CircuitBreaker()
  @TimeLimiter('2s')
  async stockOf(sku: string): Promise<Left | null> {
    return { sku, left: 3 };
  }
}

/** A handler that asks the service. */
@Controller('stock')
export class StockController {
  constructor(private readonly stock: Stock) {}

  @Get(':sku')
  stockOf(@Param('sku') sku: string): Promise<Left | null> {
    return this.stock.stockOf(sku);
  }
}

/** Under ours; any caller may use any key. */
@Controller()
export class GuardedOrdersController {
  @Post('orders')
  @Idempotent({ scope: 'shared' })
  async order(@Body() { amount }: Order): Promise<Order> {
    return placed(amount);
  }

  @Post('slow')
  @Idempotent({ scope: 'shared', onInFlight: 'wait' })
  slow(): Promise<SlowAnswer> {
    return slowly();
  }
}

/** Bare, or under the decorators of a peer. */
export function ordersOf(guard: MethodDecorator[] = []): Type {
  @Controller()
  class OrdersController {
    @Post('orders')
    @applyDecorators(...guard)
    async order(@Body() { amount }: Order): Promise<Order> {
      return placed(amount);
    }
  }
  return OrdersController;
}

function placed(amount: number): Order {
  return { id: randomUUID(), amount };
}

async function slowly(): Promise<SlowAnswer> {
  await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
  return { execution: randomUUID(), endedMs: machineNowMs() };
}
