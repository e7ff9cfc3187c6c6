import { describe, expect, it } from '@jest/globals';
import { Applications } from '../../../support/nest-applications.js';
import { nestMajor } from '../../../support/nest-major.js';
import { Answers, BYTES, facts, runs } from './answers.js';
import { type Answer, codeOf, open, PLATFORMS, type Shop } from './shop.js';

const applications = new Applications();

describe.each(PLATFORMS)(`replays on %s, Nest ${nestMajor}`, (platform) => {
  const openAnswers = (): Promise<Shop> => {
    runs.clear();
    return open(
      applications,
      platform,
      { controllers: [Answers] },
      { options: { idempotency: { replayHeaders: ['X-Total', 'Set-Cookie'] } } },
    );
  };

  /** The same request twice: both answers. */
  const twiceIn = async (shop: Shop, path: string): Promise<readonly [Answer, Answer]> => {
    const first = await shop.send(path, { key: path, body: {} });
    const second = await shop.send(path, { key: path, body: {} });
    return [first, second];
  };
  const twice = async (path: string): Promise<readonly [Answer, Answer]> =>
    twiceIn(await openAnswers(), path);

  it('ID-31: replays status, bytes and listed headers, never a cookie', async () => {
    const [first, second] = await twice('/headers');

    expect(facts(second)).toEqual(facts(first));
    expect(second.headers).toMatchObject({ location: '/orders/1', etag: '"one"', 'x-total': '1' });
    expect([first.headers['set-cookie']?.length, second.headers['set-cookie']]).toEqual([2, undefined]);
    expect([second.headers['x-other'], first.isReplay, second.isReplay]).toEqual([undefined, false, true]);
    expect(runs.get('headers')).toBe(1);
  });

  it('ID-32, ID-33, ID-34: replays every kind of answer byte by byte', async () => {
    const shop = await openAnswers();
    const values = ['undefined', 'null', '0', 'false', '""', '{"a":1}'];
    const kinds = ['/none', '/redirect', '/raw-once', '/raw-five', '/file', '/buffer'];
    const paths = [...values.map((value) => `/value?give=${encodeURIComponent(value)}`), ...kinds];

    const statuses = [];
    for (const path of paths) {
      const [first, second] = await twiceIn(shop, path);
      expect({ path, ...facts(second) }).toEqual({ path, ...facts(first) });
      expect([path, first.isReplay, second.isReplay]).toEqual([path, false, true]);
      statuses.push(first.status);
    }

    expect(statuses).toEqual([...values.map(() => 201), 204, 303, 202, 201, 201, 201]);
    expect([...runs.entries()]).toEqual([
      ['value', values.length],
      ['none', 1],
      ['redirect', 1],
      ['raw-once', 1],
      ['raw-five', 5],
      ['file', 1],
      ['buffer', 1],
    ]);
  });

  it('ID-34: lets a stream beyond the limit go on, and refuses its duplicates', async () => {
    const [first, second] = await twice('/large');

    expect(first.body.byteLength).toBe(105 * BYTES.byteLength);
    expect(first.body.subarray(-BYTES.byteLength).equals(BYTES)).toBe(true);
    expect([second.status, codeOf(second)]).toEqual([409, 'RESILIENCE_IDEMPOTENCY_REPLAY_UNAVAILABLE']);
    expect(second.headers['retry-after']).toBeUndefined();
    expect(runs.get('large')).toBe(1);
  });

  it('ID-36: keeps a failure with 402, 409 or 422, with its body', async () => {
    const shop = await openAnswers();

    for (const status of [402, 409, 422]) {
      const [first, second] = await twiceIn(shop, `/fail?status=${status}`);
      expect([first.status, first.text]).toEqual([status, '{"own":"run 1"}']);
      expect(facts(second)).toEqual(facts(first));
      expect(second.isReplay).toBe(true);
    }
  });

  it('ID-36: releases the key after what says: try again', async () => {
    const shop = await openAnswers();

    for (const status of [500, 502, 503, 504, 408, 425, 429]) {
      const [first, second] = await twiceIn(shop, `/fail?status=${status}`);
      expect([status, first.text, second.text]).toEqual([status, '{"own":"run 1"}', '{"own":"run 2"}']);
      expect(second.isReplay).toBe(false);
    }
  });

  it('ID-36: keeps a 500 where `final` says so', async () => {
    const [first, second] = await twice('/kept-500');

    expect([second.status, second.text, second.isReplay]).toEqual([500, first.text, true]);
  });

  it('ID-42: replays what interceptors and filters made, without running them', async () => {
    const [first, second] = await twice('/wrapped');
    const [failed, again] = await twice('/domain');

    expect(first.text).toBe('{"data":{"run":1},"ok":true,"at":1}');
    expect(facts(second)).toEqual(facts(first));
    expect([failed.status, failed.text]).toEqual([409, '{"domain":"sold out","at":1}']);
    expect(facts(again)).toEqual(facts(failed));
    expect(runs.get('domain')).toBe(1);
  });

  it('ID-53: never keeps the answer of a fallback, and keeps a failure that it has answered', async () => {
    const [first, second] = await twice('/degraded');
    const [kept, again] = await twice('/always-degraded');
    const keptRuns = runs.get('always-degraded');
    const [missing, replayed] = await twice('/missing');

    expect([first.text, second.text, second.isReplay]).toEqual(['degraded', 'real', false]);
    expect([kept.text, again.text, again.isReplay, keptRuns]).toEqual(['degraded', 'degraded', true, 1]);
    expect([missing.status, replayed.status, replayed.isReplay]).toEqual([404, 404, true]);
    expect(facts(replayed)).toEqual(facts(missing));
    expect(runs.get('missing')).toBe(1);
  });
});
