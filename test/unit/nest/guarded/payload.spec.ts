import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { Body, createParamDecorator, Headers, HttpException, Param, Req } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { ConnectedSocket, MessageBody } from '@nestjs/websockets';
import { payloadOf } from '../../../../lib/nest/guarded/payload.js';
import { reviveError } from '../../../../lib/nest/guarded/revive-error.js';
import { MethodPlan } from '../../../../lib/nest/method-plan.js';

const User = createParamDecorator(() => 'alice');

class Handlers {
  http(
    @Body() _body: unknown,
    @Headers() _all: unknown,
    @Param() _path: unknown,
    @Req() _request: unknown,
  ): void {}

  own(@User() _user: unknown): void {}

  rpc(@Ctx() _context: unknown, @Payload() _payload: unknown): void {}

  ws(@ConnectedSocket() _client: unknown, @MessageBody() _body: unknown): void {}

  bare(): void {}
}

const planOf = (member: keyof Handlers): MethodPlan =>
  new MethodPlan({ owner: Handlers.prototype, isStatic: false, member, inner: Handlers.prototype[member] });

describe('the payload of a guarded handler', () => {
  it.each([
    ['http', 'http', ['body', 'headers', 'path', 'request'], ['body', undefined, 'path', undefined]],
    ['own', 'http', ['alice'], ['alice']],
    ['rpc', 'rpc', ['context', 'payload'], [undefined, 'payload']],
    ['ws', 'ws', ['client', 'body'], [undefined, 'body']],
    ['bare', 'rpc', ['payload', 'metadata', 'call'], ['payload', undefined, undefined]],
    ['bare', 'ws', ['client', 'body', 'ack'], [undefined, 'body', undefined]],
    ['bare', 'graphql', ['root', 'args', 'context', 'info'], ['root', 'args', undefined, undefined]],
  ] as const)('of %s on %s is without what carries the call', (member, kind, given, payload) => {
    expect(payloadOf(planOf(member), kind)?.(given)).toEqual(payload);
  });

  it('is everything where no Nest calls the method', () => {
    expect(payloadOf(planOf('bare'), undefined)).toBeUndefined();
  });
});

describe('a replayed error', () => {
  it('is an exception of Nest where the first one was, with its status, response, name and message', () => {
    const facts = { name: 'ConflictException', message: 'taken', status: 409, response: { reason: 'taken' } };

    const error = reviveError(facts);

    expect(error).toBeInstanceOf(HttpException);
    expect(error).toMatchObject({ name: 'ConflictException', message: 'taken' });
    expect([(error as HttpException).getStatus(), (error as HttpException).getResponse()]).toEqual([
      409,
      { reason: 'taken' },
    ]);
  });

  it('is a plain error otherwise: a status alone may be that of another server', () => {
    const error = reviveError({ name: 'AxiosError', message: 'not found', status: 404, code: 'ERR' });

    expect(error).not.toBeInstanceOf(HttpException);
    expect(error).toMatchObject({ name: 'AxiosError', message: 'not found', status: 404, code: 'ERR' });
  });
});
