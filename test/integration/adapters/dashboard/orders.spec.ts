import { describe, expect, it } from '@jest/globals';
import { BulkheadRegistry, CircuitBreakerRegistry, RateLimiterRegistry } from 'nestjs-selfheal';
import { ResilienceDashboardModule } from 'nestjs-selfheal/dashboard';
import { Applications, outcomeOf } from '../../../support/nest-applications.js';
import { OperatorGuard, PaymentsService } from './shop.js';
import { WatchedStream } from './watched-stream.js';

const module = {
  imports: [ResilienceDashboardModule.forRoot({ guard: OperatorGuard })],
  providers: [PaymentsService],
};
const FORCE_OPEN = { target: 'breaker', id: 0, action: 'force-open' };

interface Answer {
  readonly status: number;
  readonly message: string;
}

describe.each(['Express', 'Fastify'] as const)('orders on %s', (platform) => {
  const applications = new Applications();

  async function watched() {
    const world = await applications.listen(platform, module);
    const page = `${world.address}/resilience`;
    const stream = await WatchedStream.open(page);
    const catalogue = await stream.nextOf('catalogue');
    const state = await stream.nextOf('state');
    const ids = { bulkhead: state.bulkheads[0]?.id, limiter: state.limiters[0]?.id };
    const give = async (order: unknown, headers: Record<string, string> = {}): Promise<Answer> => {
      const response = await fetch(`${page}/control`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'x-role': 'operator',
          'x-resilience-control': catalogue.about.token,
          ...headers,
        },
        body: JSON.stringify(order),
      });
      const { message } = (await response.json()) as { message: string };
      return { status: response.status, message };
    };
    return { ...world, page, stream, catalogue, ids, give };
  }

  it('open, close, disable and reset a breaker, and show at once what came of it', async () => {
    const { give, stream, get } = await watched();
    const breaker = get(CircuitBreakerRegistry).get('payments');
    const states: string[] = [];

    for (const action of ['force-open', 'close', 'disable', 'reset']) {
      expect(await give({ ...FORCE_OPEN, action })).toMatchObject({ status: 200 });
      states.push(breaker.state);
      const { breakers, lines } = await stream.nextOf('delta');
      expect(breakers).toMatchObject([{ name: 'payments', state: breaker.state }]);
      expect(lines.at(-1)).toMatchObject({ kind: 'control' });
    }

    expect(states).toEqual(['forced-open', 'closed', 'disabled', 'closed']);
    stream.leave();
  });

  it('change limits while calls run', async () => {
    const { give, stream, get, ids } = await watched();

    const bulkhead = await give({ target: 'bulkhead', id: ids.bulkhead, maxConcurrentCalls: 7 });
    const limiter = await give({ target: 'rate-limiter', id: ids.limiter, limit: 3 });

    expect([bulkhead.status, limiter.status]).toEqual([200, 200]);
    expect(get(BulkheadRegistry).get('refunds').snapshot()).toMatchObject({
      maxConcurrentCalls: 7,
      maxQueueSize: 0,
    });
    expect(get(RateLimiterRegistry).get('carrier').snapshot()).toMatchObject({ limit: 3, windowMs: 1_000 });
    stream.leave();
  });

  it('inject chaos and clear it', async () => {
    const { give, stream, get, catalogue } = await watched();
    const id = catalogue.methods.find(({ operation }) => operation === 'PaymentsService.charge')?.index;

    const injected = await give({ target: 'chaos', id, action: 'inject', errorRate: 1, latencyMs: 0 });
    const { chaos } = await stream.nextOf('delta');
    const failed = await outcomeOf(() => get(PaymentsService).charge());
    const cleared = await give({ target: 'chaos', id, action: 'clear' });
    await give({ ...FORCE_OPEN, action: 'reset' });

    expect([injected.status, cleared.status]).toEqual([200, 200]);
    expect(chaos).toEqual([{ index: id, errorRate: 1, latencyMs: 0 }]);
    expect(String(failed.error)).toContain('injected by Chaos');
    expect(await outcomeOf(() => get(PaymentsService).charge())).toEqual({ value: 'S' });
    stream.leave();
  });

  it('are refused whole where they cannot be meant, and nothing has changed', async () => {
    const { give, stream, get, ids } = await watched();
    const orders = [
      { target: 'breaker', id: 0, action: 'explode' },
      { target: 'breaker', id: 99, action: 'reset' },
      { target: 'breaker', id: 0, action: 'reset', also: 'this' },
      { target: 'everything' },
      { target: 'bulkhead', id: ids.bulkhead, maxConcurrentCalls: 0 },
      { target: 'bulkhead', id: ids.bulkhead, maxConcurrentCalls: 5, maxQueueSize: -1 },
      { target: 'rate-limiter', id: ids.limiter, limit: 'many' },
      { target: 'chaos', id: 0, action: 'inject', errorRate: 50 },
      ['breaker'],
    ];

    const answers = await Promise.all(orders.map((order) => give(order)));

    expect(answers.map(({ status }) => status)).toEqual(orders.map(() => 422));
    expect(answers[0]?.message).toContain(`must be one of 'force-open', 'close', 'reset', 'disable'`);
    expect(get(BulkheadRegistry).get('refunds').snapshot()).toMatchObject({ maxConcurrentCalls: 2 });
    stream.leave();
  });

  it('are refused to those whom the guard does not let in', async () => {
    const { give, stream, get } = await watched();

    const { status } = await give(FORCE_OPEN, { 'x-role': 'visitor' });

    expect(status).toBe(403);
    expect(get(CircuitBreakerRegistry).get('payments').state).toBe('closed');
    stream.leave();
  });

  it.each([
    ['another site', { 'sec-fetch-site': 'cross-site' }, 403],
    ['a neighbour of the same site', { 'sec-fetch-site': 'same-site' }, 403],
    ['another origin, in a browser that says no more', { origin: 'https://evil.example' }, 403],
    ['a frame without an origin', { origin: 'null' }, 403],
    ['a form of any site', { 'content-type': 'text/plain' }, 415],
    ['a page of another process', { 'x-resilience-control': 'another' }, 409],
  ])('are refused to %s, whatever its cookies allow', async (_who, headers, expected) => {
    const { give, stream, get } = await watched();

    const { status } = await give(FORCE_OPEN, headers);

    expect(status).toBe(expected);
    expect(get(CircuitBreakerRegistry).get('payments').state).toBe('closed');
    stream.leave();
  });

  it('are refused without the header that only a script of the page can set', async () => {
    const { page, stream, get } = await watched();

    const { status } = await fetch(`${page}/control`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-role': 'operator' },
      body: JSON.stringify(FORCE_OPEN),
    });

    expect(status).toBe(403);
    expect(get(CircuitBreakerRegistry).get('payments').state).toBe('closed');
    stream.leave();
  });

  it('are taken from the page itself', async () => {
    const { give, address, stream, get } = await watched();

    const withSite = await give(FORCE_OPEN, { 'sec-fetch-site': 'same-origin' });
    const withOrigin = await give({ ...FORCE_OPEN, action: 'disable' }, { origin: new URL(address).origin });

    expect([withSite.status, withOrigin.status]).toEqual([200, 200]);
    expect(get(CircuitBreakerRegistry).get('payments').state).toBe('disabled');
    stream.leave();
  });

  it('inject no chaos in production, and the page does not offer it', async () => {
    const before = process.env['NODE_ENV'];
    process.env['NODE_ENV'] = 'production';
    try {
      const { give, stream, catalogue } = await watched();

      const { status, message } = await give({ target: 'chaos', id: 0, action: 'inject', errorRate: 1 });

      expect(catalogue.about).toMatchObject({ canControl: true, canDisturb: false });
      expect(status).toBe(422);
      expect(message).toContain('NODE_ENV is production');
      stream.leave();
    } finally {
      process.env['NODE_ENV'] = before;
    }
  });
});
