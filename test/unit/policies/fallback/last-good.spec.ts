import { describe, expect, it } from '@jest/globals';
import type { ResolvedLastGoodOptions } from '../../../../lib/policies/fallback/index.js';
import { LastGood } from '../../../../lib/policies/fallback/last-good.js';
import { ruleWorld } from '../../../support/rule-world.js';

function lastGoodOf(options: Partial<ResolvedLastGoodOptions> = {}) {
  const world = ruleWorld();
  const reported: unknown[] = [];
  world.hub.onReport((_, error) => reported.push(error));
  const resolved = { maxAgeMs: 1000, key: undefined, maxEntries: 1000, ...options };
  return { ...world, reported, lastGood: new LastGood(resolved, world.environment) };
}

describe('LastGood', () => {
  it('finds a value by equal arguments, and a missing one at the end counts as undefined', () => {
    const { lastGood } = lastGoodOf();
    const value = { price: 1 };

    lastGood.remember([{ a: 1, b: [2] }, undefined], value);

    expect(lastGood.find([{ b: [2], a: 1 }])?.value).toBe(value);
    expect(lastGood.find([{ b: ['2'], a: 1 }])).toBeUndefined();
  });

  it('keeps undefined as a value like any other', () => {
    const { lastGood } = lastGoodOf();

    lastGood.remember([], undefined);

    expect(lastGood.find([])).toMatchObject({ value: undefined });
  });

  it('finds a value by its key alone, where there is one', () => {
    const { lastGood } = lastGoodOf({ key: (id) => String(id) });

    lastGood.remember(['a', 1], 'of a');

    expect(lastGood.find(['a', 2])?.value).toBe('of a');
    expect(lastGood.find(['b', 1])).toBeUndefined();
  });

  it('counts the age from the newest value, not from the last serving', async () => {
    const { lastGood, clock } = lastGoodOf();
    lastGood.remember([], 'v1');
    await clock.advanceTo(600);
    lastGood.remember([], 'v2');
    await clock.advanceTo(1600);

    const young = lastGood.find([]);
    await clock.advanceTo(1601);
    const old = lastGood.find([]);

    expect(young?.value).toBe('v2');
    expect(old).toBeUndefined();
    expect(lastGood.size).toBe(0);
  });

  it('forgets the least recently used value when there are too many', () => {
    const { lastGood } = lastGoodOf({ maxEntries: 2 });
    lastGood.remember(['a'], 1);
    lastGood.remember(['b'], 2);
    lastGood.find(['a']);

    lastGood.remember(['c'], 3);

    expect(['a', 'b', 'c'].map((id) => lastGood.find([id])?.value)).toEqual([1, undefined, 3]);
  });

  it('neither keeps nor finds anything for arguments that cannot be compared', () => {
    const { lastGood, reported } = lastGoodOf();

    lastGood.remember([() => 1], 'value');

    expect(lastGood.size).toBe(0);
    expect(lastGood.find([() => 1])).toBeUndefined();
    expect(reported).toEqual([]);
  });

  it('reports a key that throws or is no text, and keeps nothing under it', () => {
    const keys: (() => unknown)[] = [
      () => undefined,
      () => {
        throw new Error('bug');
      },
    ];

    const results = keys.map((key) => {
      const { lastGood, reported } = lastGoodOf({ key: key as () => string });
      lastGood.remember([], 'value');
      return [lastGood.find([]), lastGood.size, reported.length];
    });

    expect(results).toEqual([
      [undefined, 0, 2],
      [undefined, 0, 2],
    ]);
  });
});
