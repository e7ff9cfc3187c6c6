import { describe, expect, it } from '@jest/globals';
import { InvalidOptionsError } from '../../../../lib/core/errors.js';
import {
  checkPlacement,
  checkStoredOperations,
  fingerprintOf,
  fingerprintOfArguments,
  fingerprintOfRequest,
  isFinalByDefault,
  MemoryIdempotencyStore,
  resolveIdempotencySettings,
  resolveIdempotentOptions,
} from '../../../../lib/policies/idempotency/index.js';
import { ManualClock } from '../../../../lib/testing/manual-clock.js';

const expectRefusal = (fn: () => unknown) => expect(fn).toThrow(InvalidOptionsError);

describe('the options of an idempotent method', () => {
  it('have defaults, and wait as long as a lease', () => {
    expect(resolveIdempotentOptions('A.b', { lease: '2s' })).toMatchObject({
      operation: 'A.b',
      required: true,
      ttlMs: 86_400_000,
      leaseMs: 2_000,
      maxWaitDurationMs: 2_000,
      onInFlight: 'reject',
      onStoreDown: 'fail',
      maxStoredBytes: 1_048_576,
    });
  });

  it('are refused at boot where they cannot be meant', () => {
    expectRefusal(() => resolveIdempotentOptions('A.b', { lease: 99 }));
    expectRefusal(() => resolveIdempotentOptions('A.b', { ttl: 999 }));
    expectRefusal(() => resolveIdempotentOptions('A.b', { operation: '' }));
    expectRefusal(() => resolveIdempotencySettings({ store: { begin: 1 } as never }));
    expectRefusal(() => resolveIdempotencySettings({ storeTimeout: 0 }));
    expectRefusal(() => resolveIdempotencySettings({ lease: 1 }));
    expectRefusal(() => resolveIdempotencySettings({ leese: 1 } as never));
  });

  it('ID-38, ID-54: need a key outside HTTP, and a scope for a key from the header', () => {
    const none = { key: undefined, scope: undefined };
    expect(() => checkPlacement({ operation: 'A.b', isRouteHandler: false }, none)).toThrow(/A\.b: .*key/);
    expect(() => checkPlacement({ operation: 'A.b', isRouteHandler: true }, none)).toThrow(/scope.*'shared'/);
    checkPlacement({ operation: 'A.b', isRouteHandler: true }, { ...none, scope: 'shared' });
    checkPlacement({ operation: 'A.b', isRouteHandler: false }, { ...none, key: () => 'k' });
  });

  it('never let two methods share records', () => {
    const [one, other] = [
      { method: 'A.b', operation: 'orders' },
      { method: 'C.d', operation: 'orders' },
    ];
    expect(() => checkStoredOperations([one, other])).toThrow(/C\.d: .*A\.b.*state `operation`/);
    checkStoredOperations([one, { ...other, operation: 'C.d' }]);
  });
});

describe('the fingerprint', () => {
  it('ID-43: compares content and not the order of members', () => {
    const of = (body: unknown, query: unknown = {}) =>
      fingerprintOfRequest('A.b', { verb: 'post', path: '/p', query, body });
    expect(of({ b: [1, 2], a: 1 })).toBe(of({ a: 1.0, b: [1, 2] }));
    const others = [
      { a: 1, b: [2, 1] },
      { a: '1', b: [1, 2] },
      { a: 1, b: [1, 2], c: null },
    ];
    for (const other of others) expect(of(other)).not.toBe(of({ a: 1, b: [1, 2] }));
    expect(of({}, { x: '1', y: '2' })).toBe(of({}, { y: '2', x: '1' }));
    expect(of({}, { t: ['1', '2'] })).not.toBe(of({}, { t: ['2', '1'] }));
    expect(of('text')).toBe(of(Buffer.from('text')));
    expect(of('text')).not.toBe(of('texu'));
    expect(of({})).toMatch(/^v1:[0-9a-f]{64}$/);
  });

  it('ID-45: names what is nested too deeply in a message that can be read', () => {
    let nested: unknown = 1;
    for (let depth = 0; depth < 30_000; depth += 1) nested = [nested];
    let told = '';

    try {
      fingerprintOfArguments('Orders.place', ['a', nested]);
    } catch (error) {
      told = String(error);
    }

    expect(told).toMatch(/Orders\.place.*argument 2.*could not be read/);
    expect(told.length).toBeLessThan(500);
  });

  it('ID-45: names operation and argument that cannot be compared', () => {
    expect(() => fingerprintOfArguments('A.b', [1, { f: () => 1 }])).toThrow(
      /A\.b: .*argument 2\.f is a function/,
    );
    expectRefusal(() => fingerprintOf('A.b', Symbol('s')));
    expect(fingerprintOfArguments('A.b', [1, undefined])).toBe(fingerprintOfArguments('A.b', [1]));
  });
});

describe('which outcomes are kept', () => {
  it('ID-36: by status, and values always', () => {
    const kept = (status: number) => isFinalByDefault({ kind: 'error', error: { status } });
    expect([200, 302, 402, 404, 409, 422].map(kept)).not.toContain(false);
    expect([408, 425, 429, 500, 503].map(kept)).not.toContain(true);
    expect(isFinalByDefault({ kind: 'value', value: undefined })).toBe(true);
    expect(isFinalByDefault({ kind: 'error', error: new Error('plain') })).toBe(false);
    const own = new InvalidOptionsError({ policy: 'p', operation: 'o', field: 'f', value: 1, expected: 'x' });
    expect(isFinalByDefault({ kind: 'error', error: Object.assign(own, { status: 404 }) })).toBe(false);
  });
});

describe('a memory store that is full', () => {
  const request = { fingerprint: '', leaseMs: 1_000, retentionMs: 10_000 };

  it('drops the oldest outcome with one warning, and never a claim in progress', async () => {
    const warnings: string[] = [];
    const clock = new ManualClock();
    const warn = (warning: string) => warnings.push(warning);
    const store = new MemoryIdempotencyStore({ clock, maxEntries: 2, warn });
    const begin = (storedKey: string) => store.begin({ ...request, storedKey, ownerId: storedKey });
    const first = await begin('a');
    if (first.kind !== 'acquired') throw new Error('not acquired');
    const outcome = { kind: 'value', metadata: '', body: new Uint8Array(1) } as const;
    await store.complete({ ...request, storedKey: 'a', claim: first.claim, outcome });
    await begin('b');
    await begin('c');

    await expect(begin('d')).rejects.toThrow('full of claims in progress');
    expect(await store.read('a')).toBeUndefined();
    expect(warnings).toHaveLength(1);
    await clock.advance(10_000);
    expect((await begin('d')).kind).toBe('acquired');
    expect(store.size).toBe(1);
  });
});
