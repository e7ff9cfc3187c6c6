import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { ResilienceService } from 'nestjs-selfheal';
import { ResilienceDashboardModule } from 'nestjs-selfheal/dashboard';
import { Applications, Backend, outcomeOf, until } from '../../../support/nest-applications.js';
import { PaymentsService } from './shop.js';
import { nextSecond, numbersOf, WatchedStream } from './watched-stream.js';

const module = {
  imports: [ResilienceDashboardModule.forRoot({ title: 'shop', maxViewers: 2 })],
  providers: [PaymentsService],
};

describe.each(['Express', 'Fastify'] as const)('the stream on %s', (platform) => {
  const applications = new Applications();

  async function watched() {
    const world = await applications.listen(platform, module);
    const page = `${world.address}/resilience`;
    return { ...world, page, payments: world.get(PaymentsService), stream: await WatchedStream.open(page) };
  }

  it('begins with every decorated method and its pipeline, and the state of everything', async () => {
    const { stream } = await watched();

    const catalogue = await stream.nextOf('catalogue');
    const state = await stream.nextOf('state');

    const charge = catalogue.methods.find(({ operation }) => operation === 'PaymentsService.charge');
    expect(stream.response.headers['content-type']).toContain('text/event-stream');
    expect(catalogue.about).toMatchObject({ title: 'shop', canControl: false, canDisturb: false });
    expect(charge).toMatchObject({
      segments: [['retry', 'circuitBreaker']],
      uses: { circuitBreaker: 'payments' },
    });
    expect(state.breakers).toMatchObject([{ name: 'payments', state: 'closed', recordedCalls: 0 }]);
    expect(state.budgets).toMatchObject([{ name: 'default', balance: 10, capacity: 10 }]);
    expect(state.bulkheads).toMatchObject([{ name: 'refunds', inUse: 0, maxConcurrentCalls: 2 }]);
    expect(state.limiters).toMatchObject([{ name: 'carrier', available: 10, limit: 10 }]);
    stream.leave();
  });

  it('tells every second what has happened, exactly', async () => {
    const { stream, payments, events, ...world } = await watched();
    const catalogue = await stream.nextOf('catalogue');
    payments.backend = new Backend('S,F,S,F');

    for (let call = 0; call < 4; call += 1) await outcomeOf(() => payments.charge());
    await nextSecond({ ...world, events });
    const delta = await stream.nextOf('delta');

    const charge = numbersOf(catalogue, delta, 'PaymentsService.charge');
    expect(charge?.calls).toEqual({ success: 2, failure: 1, rejected: 1 });
    expect(charge?.rows).toEqual([[0, 2, 1, 1, 0, 3, 0]]);
    expect(delta.kinds).toEqual(events.counts());
    expect(delta.breakers).toMatchObject([
      { state: 'open', counters: { rejected: 1 }, changes: [[expect.any(Number), 'closed', 'open']] },
    ]);
    expect(delta.lines.map(({ kind }) => kind)).toContain('circuit-breaker.state-changed');
    stream.leave();
  });

  it('tells whoever comes later of the minute before', async () => {
    const { stream, page, payments, ...world } = await watched();
    stream.leave();
    await payments.charge();
    await world.clock.advance(5_000);
    await payments.refund();
    await world.clock.advance(1_000);

    const later = await WatchedStream.open(page);
    const catalogue = await later.nextOf('catalogue');
    const state = await later.nextOf('state');

    expect(numbersOf(catalogue, state, 'PaymentsService.charge')?.rows).toEqual([[0, 1, 0, 0, 0, 0, 0]]);
    expect(numbersOf(catalogue, state, 'PaymentsService.refund')?.rows).toEqual([[5, 1, 0, 0, 0, 0, 0]]);
    later.leave();
  });

  it('shows what is only called by name as well, once it was called', async () => {
    const { stream, ...world } = await watched();
    await stream.nextOf('state');

    await world.get(ResilienceService).execute({ operation: 'nightly', retry: {} }, async () => 'S');
    await world.clock.advance(6_000);
    const catalogue = await stream.nextOf('catalogue');

    expect(catalogue.methods.find(({ operation }) => operation === 'nightly')?.isDecorated).toBe(false);
    stream.leave();
  });

  it('has a timer only while somebody looks', async () => {
    const { stream, clock } = await watched();
    await stream.nextOf('state');
    const timersBefore = clock.allTimers;

    stream.leave();
    await until(() => clock.allTimers === timersBefore - 1);

    expect(timersBefore).toBeGreaterThan(0);
  });

  it('refuses more viewers than may look, and takes another when one has gone', async () => {
    const { stream, page } = await watched();
    const second = await WatchedStream.open(page);

    const third = await WatchedStream.open(page);
    stream.leave();
    let fourth = await WatchedStream.open(page);
    while (fourth.status === 503) {
      await delay(5);
      fourth = await WatchedStream.open(page);
    }

    expect(third.status).toBe(503);
    expect(fourth.status).toBe(200);
    second.leave();
    fourth.leave();
  });

  it('is not for the pages of other sites', async () => {
    const { stream, page } = await watched();

    const response = await fetch(`${page}/events`, { headers: { 'sec-fetch-site': 'cross-site' } });

    expect(response.status).toBe(403);
    stream.leave();
  });

  it('ends when the application closes, which does not wait for those who look', async () => {
    const { stream, app } = await watched();
    await stream.nextOf('state');

    await app.close();

    expect(await stream.next()).toBeUndefined();
  });
});
