import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, type INestApplication, Patch, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Hedge, ResilienceEvents, ResilienceModule, RetryBudgetRegistry } from 'nestjs-selfheal';
import { EventRecorder } from 'nestjs-selfheal/testing';

/** Answers when the second execution has begun, or when it is told that none will. */
class Gate {
  runs = 0;
  private open: (() => void) | undefined;

  enter(): Promise<string> {
    this.runs += 1;
    if (this.runs > 1) return Promise.resolve('second');
    return new Promise((resolve) => {
      this.open = () => resolve('first');
    });
  }

  release(): void {
    this.open?.();
  }
}

const gate = { current: new Gate() };

@Controller()
class Quotes {
  @Hedge(0)
  @Post('post')
  post(): Promise<string> {
    return gate.current.enter();
  }

  @Patch('patch')
  @Hedge(0)
  patch(): Promise<string> {
    return gate.current.enter();
  }

  @Hedge(0)
  @Get('get')
  get(): Promise<string> {
    return gate.current.enter();
  }
}

describe('@Hedge on a route handler', () => {
  let app: INestApplication;
  let events: EventRecorder;
  let address: string;

  beforeEach(async () => {
    const root = { module: class Root {}, imports: [ResilienceModule.forRoot({ logger: false })] };
    app = await NestFactory.create({ ...root, controllers: [Quotes] }, { logger: false });
    await app.listen(0, '127.0.0.1');
    address = await app.getUrl();
    events = new EventRecorder(app.get(ResilienceEvents));
    gate.current = new Gate();
  });
  afterEach(() => app.close());

  it.each(['POST', 'PATCH'])('LM-54: %s without a key is never hedged', async (method) => {
    const answer = fetch(`${address}/${method.toLowerCase()}`, { method });
    while (gate.current.runs === 0) await new Promise(setImmediate);
    await new Promise(setImmediate);
    gate.current.release();

    expect(await (await answer).text()).toBe('first');
    expect(gate.current.runs).toBe(1);
    expect(events.counts()).toEqual({});
    expect(app.get(RetryBudgetRegistry).get('default').snapshot().balance).toBe(10);
  });

  it.each(['POST', 'PATCH'])('LM-54: %s with a key is hedged', async (method) => {
    const headers = { 'Idempotency-Key': 'order-1' };

    const answer = await fetch(`${address}/${method.toLowerCase()}`, { method, headers });

    expect(await answer.text()).toBe('second');
    expect(gate.current.runs).toBe(2);
    expect(events.counts()).toEqual({ 'hedge.launched': 1 });
  });

  it('LM-54: GET is hedged', async () => {
    const answer = await fetch(`${address}/get`);

    expect(await answer.text()).toBe('second');
    expect(gate.current.runs).toBe(2);
  });
});
