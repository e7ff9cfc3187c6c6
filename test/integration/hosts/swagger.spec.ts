import { describe, expect, it } from '@jest/globals';
import { Body, Controller, Get, Headers, Param, ParseIntPipe, Post, Query } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiHeader,
  ApiOperation,
  ApiProperty,
  DocumentBuilder,
  SwaggerModule,
} from '@nestjs/swagger';
import {
  Bulkhead,
  CallContext,
  CircuitBreaker,
  Fallback,
  Hedge,
  Idempotent,
  Retryable,
  TimeLimiter,
} from '../../../lib/index.js';
import { Applications } from '../../support/nest-applications.js';

class Order {
  @ApiProperty({ type: Number, minimum: 1 })
  cents = 1;

  @ApiProperty({ type: String, required: false })
  note?: string;
}

const AS_IT_IS: MethodDecorator = () => undefined;

/** The same controller with these decorators above and below those of Nest and Swagger. */
function controllerWith(above: readonly unknown[], below: readonly unknown[]) {
  const over = below.length + above.length === 0 ? [AS_IT_IS] : (above as MethodDecorator[]);
  const under = below as MethodDecorator[];
  const all =
    (decorators: MethodDecorator[]): MethodDecorator =>
    (target, member, descriptor) => {
      for (const decorate of decorators.toReversed()) decorate(target, member, descriptor);
    };

  @Controller('orders')
  class OrdersController {
    @all(over)
    @Post()
    @ApiOperation({ summary: 'Takes an order' })
    @ApiCreatedResponse({ type: Order })
    @ApiHeader({ name: 'Idempotency-Key', required: true })
    @all(under)
    async take(@Body() order: Order, @Headers('x-trace') _trace?: string): Promise<Order> {
      return order;
    }

    @all(over.filter((decorate) => decorate !== idempotent))
    @Get(':id')
    @all(under.filter((decorate) => decorate !== idempotent))
    async find(@Param('id', ParseIntPipe) id: number, @Query('full') _full?: boolean): Promise<number> {
      return id;
    }
  }
  return OrdersController;
}

const idempotent: unknown = Idempotent({ scope: 'shared' });
const OURS: readonly unknown[] = [
  Fallback({ value: 1 }),
  Retryable(),
  CircuitBreaker('orders'),
  TimeLimiter('1s'),
  Bulkhead(),
  Hedge('1s'),
  idempotent,
];

describe('the OpenAPI document of @nestjs/swagger', () => {
  const applications = new Applications();

  async function documentOf(controller: new () => object): Promise<unknown> {
    const { app } = await applications.listen('Express', { controllers: [controller] });
    return SwaggerModule.createDocument(app, new DocumentBuilder().setTitle('shop').build());
  }

  it.each([
    ['above', OURS, []],
    ['below', [], OURS],
  ])('is the same with and without our decorators, ours %s', async (_, above, below) => {
    const plain = await documentOf(controllerWith([], []));

    expect(await documentOf(controllerWith(above, below))).toEqual(plain);
    expect(plain).toMatchObject({
      paths: {
        '/orders': { post: { summary: 'Takes an order', parameters: expect.any(Array) } },
        '/orders/{id}': { get: { parameters: [{ name: 'id', in: 'path' }, expect.anything()] } },
      },
    });
  });

  it('does not tell of the call context', async () => {
    @Controller('orders')
    class Contextual {
      @Get(':id')
      @Retryable()
      async find(@Param('id') id: string, @CallContext() call?: CallContext): Promise<string> {
        return `${id} ${call?.attempt}`;
      }
    }

    expect(await documentOf(Contextual)).toMatchObject({
      paths: { '/orders/{id}': { get: { parameters: [{ name: 'id', in: 'path' }] } } },
    });
  });
});
