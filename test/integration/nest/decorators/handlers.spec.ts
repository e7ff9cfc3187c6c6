import { describe, expect, it } from '@jest/globals';
import {
  applyDecorators,
  Body,
  Controller,
  Get,
  Inject,
  Injectable,
  Post,
  SetMetadata,
  UseGuards,
  UseInterceptors,
  ValidationPipe,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { IsInt, IsString } from 'class-validator';
import { CircuitBreaker, ResilienceExplorer, Retryable } from 'nestjs-selfheal';
import type { Observable } from 'rxjs';
import { Applications, AT_ONCE, Backend, type Platform } from '../../../support/nest-applications.js';

const PLATFORMS: readonly Platform[] = ['Express', 'Fastify'];

@Injectable()
class RoleGuard implements CanActivate {
  readonly roles: unknown[] = [];

  constructor(@Inject(Reflector) private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    this.roles.push(this.reflector.get('role', context.getHandler()));
    return true;
  }
}

@Injectable()
class Counting implements NestInterceptor {
  runs = 0;

  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    this.runs += 1;
    return next.handle();
  }
}

@UseGuards(RoleGuard)
@Controller()
class Roles {
  readonly backend = new Backend('F,F,S');

  @Retryable(AT_ONCE)
  @Get('above')
  @SetMetadata('role', 'admin')
  async above(..._given: unknown[]): Promise<string> {
    return this.backend.next();
  }

  @SetMetadata('role', 'admin')
  @Get('below')
  @Retryable(AT_ONCE)
  async below(_one?: unknown, _two?: unknown): Promise<string> {
    return this.backend.next();
  }
}

class Payment {
  @IsInt()
  readonly amount!: number;

  @IsString()
  readonly currency!: string;
}

@Controller()
class Payments {
  readonly backend = new Backend('F,F,S');
  readonly bodies: Payment[] = [];

  @Retryable({ ...AT_ONCE, retryUnsafe: true })
  @Post('pay')
  @UseGuards(RoleGuard)
  @UseInterceptors(Counting)
  @SetMetadata('role', 'payer')
  async pay(@Body(new ValidationPipe({ transform: true })) body: Payment): Promise<string> {
    this.bodies.push(body);
    return this.backend.next();
  }
}

@Controller()
class Applied {
  readonly backend = new Backend('F,F,S');

  @applyDecorators(Retryable(AT_ONCE), Get('x'), CircuitBreaker('db'))
  async inOrder(): Promise<string> {
    return this.backend.next();
  }

  @applyDecorators(CircuitBreaker('db'), Get('y'), Retryable(AT_ONCE))
  async reversed(): Promise<string> {
    return this.backend.next();
  }
}

describe.each(PLATFORMS)('handlers on %s', (platform) => {
  const applications = new Applications();

  it.each(['above', 'below'] as const)('NI-15: route and role are found, ours %s', async (path) => {
    const world = await applications.listen(platform, { controllers: [Roles], providers: [RoleGuard] });
    // Nest makes the guards of a controller in its module, where a provider is found first by `get`.
    const answer = await fetch(`${world.address}/${path}`);

    expect(await answer.text()).toBe('S');
    expect(world.get(Roles).backend.runs).toBe(3);
    expect(world.get(Roles)[path].name).toBe(path);
    expect([Roles.prototype.above.length, Roles.prototype.below.length]).toEqual([0, 2]);
    expect(Reflect.getMetadata('role', Roles.prototype[path])).toBe('admin');
  });

  it('NI-16: guard, interceptor and pipe run once, the body three times with one object', async () => {
    const world = await applications.listen(platform, { controllers: [Payments] });

    const answer = await fetch(`${world.address}/pay`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ amount: 5, currency: 'EUR' }),
    });

    const { bodies } = world.get(Payments);
    expect(await answer.text()).toBe('S');
    expect(bodies).toEqual([{ amount: 5, currency: 'EUR' }, bodies[0], bodies[0]]);
    expect(new Set(bodies).size).toBe(1);
    expect(bodies[0]).toBeInstanceOf(Payment);
    expect(world.get(RoleGuard).roles).toEqual(['payer']);
    expect(world.get(Counting).runs).toBe(1);
  });

  it('NI-16: the pipe refuses as without us, and nothing is run', async () => {
    const world = await applications.listen(platform, { controllers: [Payments] });

    const answer = await fetch(`${world.address}/pay`, { method: 'POST' });

    expect(answer.status).toBe(400);
    expect(world.get(Payments).backend.runs).toBe(0);
  });

  it.each(['x', 'y'])('NI-19: applyDecorators keeps route and policies (%s)', async (path) => {
    const world = await applications.listen(platform, { controllers: [Applied] });

    const answer = await fetch(`${world.address}/${path}`);

    expect(await answer.text()).toBe('S');
    expect(world.get(Applied).backend.runs).toBe(3);
    const described = world.get(ResilienceExplorer).describe();
    const mine = described.filter(({ operation }) => operation.startsWith('Applied.'));
    expect(mine.map(({ pipeline }) => pipeline)).toEqual([
      ['retry', 'circuitBreaker'],
      ['retry', 'circuitBreaker'],
    ]);
  });
});
