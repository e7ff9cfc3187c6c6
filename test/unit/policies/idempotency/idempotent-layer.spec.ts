import { describe, expect, it } from '@jest/globals';
import { CallRecord } from '../../../../lib/pipeline/call-record.js';
import { enterCall } from '../../../../lib/pipeline/enter-call.js';
import { IdempotentMethod } from '../../../../lib/pipeline/idempotent-layer.js';
import { invoke } from '../../../../lib/pipeline/invoke.js';
import type { PromiseNext } from '../../../../lib/pipeline/promise-layers.js';
import { limitLayer } from '../../../../lib/pipeline/promise-limit.js';
import {
  type IdempotentOptions,
  resolveIdempotentOptions,
} from '../../../../lib/policies/idempotency/index.js';
import { TimeLimit } from '../../../../lib/policies/time-limiter/index.js';
import { gate, idempotentWorld } from './idempotent-world.js';

/** A guarded method with an attempt limit of 100 ms. */
function guarded(method: (...args: never[]) => unknown, options: IdempotentOptions, inside?: PromiseNext) {
  const world = idempotentWorld();
  const { runner } = world;
  const { environment } = runner;
  const target: PromiseNext = async (scope, record) => invoke({ method }, environment, scope, record);
  const rule = new TimeLimit({ limit: 'attempt', timeoutMs: 100, environment });
  const resolved = resolveIdempotentOptions('Orders.place', { key: () => 'k', ...options });
  const parts = { operation: 'Orders.place', options: resolved, runner, warn: () => undefined };
  const layer = new IdempotentMethod(parts).layer(inside ?? limitLayer(rule, environment, target));
  const call = async (...args: readonly unknown[]): Promise<unknown> => {
    const startedMs = environment.clock.nowMs();
    const facts = { operation: 'Orders.place', environment, self: undefined, isUnsafe: false };
    const record = new CallRecord({ ...facts, args, startedMs, canBeAborted: false });
    return layer(enterCall(record, environment).scope, record);
  };
  return { ...world, call };
}

describe('the layer of an idempotent method', () => {
  it('ID-52: keeps the claim of work that a time limit gave up, and then its value', async () => {
    const work = gate<string>();
    const { call, clock, events } = guarded(() => work.promise, { lease: 150 });
    const first = call().catch((error: unknown) => error);
    await clock.advance(100);

    expect(await first).toMatchObject({ code: 'RESILIENCE_TIMEOUT_EXCEEDED' });
    await clock.advance(250);
    await expect(call()).rejects.toMatchObject({ code: 'RESILIENCE_IDEMPOTENCY_IN_FLIGHT' });
    work.open('late');
    await clock.advance(100);
    expect(await call()).toBe('late');
    expect(events.of('idempotency.executed').map(({ recorded }) => recorded)).toEqual(['pending']);
  });

  it('ID-52: releases when that work fails in the end', async () => {
    const work = gate<never>();
    let runs = 0;
    const { call, clock } = guarded(() => (runs += 1) && (runs === 1 ? work.promise : 'second'), {
      lease: 150,
    });
    const first = call().catch((error: unknown) => error);
    await clock.advance(400);
    await first;
    work.fail(Object.assign(new Error('no'), { status: 503 }));
    await clock.advance(100);

    expect(await call()).toBe('second');
  });

  it('releases a key whose method was never entered, without asking `final`', async () => {
    let refuses = true;
    const asked: unknown[] = [];
    const options = { final: (outcome: unknown) => asked.push(outcome) > 0 };
    const { call, events } = guarded(
      () => 'ran',
      options,
      async () => {
        if (refuses) throw new Error('full');
        return 'through';
      },
    );
    await expect(call()).rejects.toThrow('full');
    refuses = false;

    expect(events.of('idempotency.executed')).toMatchObject([{ recorded: 'released' }]);
    expect(asked).toEqual([]);
    expect(await call()).toBe('through');
  });

  it('begins a query that is a thenable once', async () => {
    let begun = 0;
    const query = {
      // oxlint-disable-next-line unicorn/no-thenable -- a query builder is one
      then(resolve: (value: string) => void) {
        begun += 1;
        resolve('rows');
      },
    };
    const { call } = guarded(() => query, {});

    expect([await call(), await call(), begun]).toEqual(['rows', 'rows', 1]);
  });

  it('ID-28: refuses a missing or malformed key, and runs without one only where that was said', async () => {
    const missing = guarded(() => 'ran', { key: () => undefined });
    const malformed = guarded(() => 'ran', { key: () => '', required: false });
    const optional = guarded(() => 'ran', { key: () => undefined, required: false });

    await expect(missing.call()).rejects.toMatchObject({ code: 'RESILIENCE_IDEMPOTENCY_KEY_MISSING' });
    await expect(malformed.call()).rejects.toMatchObject({ code: 'RESILIENCE_IDEMPOTENCY_KEY_INVALID' });
    expect(await optional.call()).toBe('ran');
    expect([missing, malformed, optional].flatMap(({ store }) => store.asked)).toEqual([]);
  });

  it('ID-38: keeps the keys of different scopes apart, and refuses a scope that is no text', async () => {
    let runs = 0;
    const scope = ({ args }: { readonly args: readonly unknown[] }) => args[0] as string;
    const { call } = guarded(() => (runs += 1), { scope, fingerprint: () => 1 });

    expect([await call('a'), await call('b'), await call('a')]).toEqual([1, 2, 1]);
    await expect(call(7)).rejects.toMatchObject({ code: 'RESILIENCE_INVALID_OPTIONS' });
  });

  it.each([
    ['key', 'RESILIENCE_IDEMPOTENCY_KEY_INVALID'],
    ['scope', 'RESILIENCE_INVALID_OPTIONS'],
    ['fingerprint', 'RESILIENCE_INVALID_OPTIONS'],
  ])('refuses a `%s` that is asynchronous, and hears of its rejection', async (option, code) => {
    let runs = 0;
    // As plain JavaScript lets it be written.
    const late = { [option]: () => Promise.reject(new Error('no such user')) } as IdempotentOptions;
    const { call, reports } = guarded(() => (runs += 1), late);

    await expect(call('order')).rejects.toMatchObject({ code });
    expect(runs).toBe(0);
    expect(reports).toEqual([`\`${option}\` of Orders.place: Error: no such user`]);
  });

  it('says of a scope that is no text what it is, and not which', async () => {
    const { call } = guarded(() => 'ran', { scope: (() => 4711) as unknown as () => string });

    const refused: unknown = await call().catch((error: unknown) => error);

    expect(String(refused)).toContain('must give a text, gave number');
    expect(String(refused)).not.toContain('4711');
  });

  it('tells of a `final` that is asynchronous', async () => {
    const final = (() => Promise.reject(new Error('asked too late'))) as unknown as () => boolean;
    const { call, reports } = guarded(() => 'ran', { final });

    await call();

    expect(reports.join()).toContain('a promise');
    expect(reports.join()).toContain('asked too late');
  });
});
