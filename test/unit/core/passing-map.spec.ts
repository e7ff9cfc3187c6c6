import { describe, expect, it } from '@jest/globals';
import { PassingMap } from '../../../lib/core/passing-map.js';

describe('a map of what is under way', () => {
  it('holds what was put there until it is deleted, and nothing of its own', () => {
    const map = new PassingMap<number>();

    expect([map.size, [...map.entries()]]).toEqual([0, []]);
    map.set('a', 1);
    map.set('b', 2);
    map.set('a', 3);
    expect([map.size, map.get('a'), map.get('c'), [...map.entries()]]).toEqual([
      2,
      3,
      undefined,
      [
        ['a', 3],
        ['b', 2],
      ],
    ]);
    map.delete('a');
    map.delete('c');
    expect([map.size, map.get('a'), [...map.entries()]]).toEqual([1, undefined, [['b', 2]]]);
  });

  it('may lose entries while they are gone through', () => {
    const map = new PassingMap<number>();
    for (const key of 'abc') map.set(key, 1);
    const seen: string[] = [];
    for (const [key] of map.entries()) {
      seen.push(key);
      map.delete(key);
      map.delete('b');
    }

    expect([seen, map.size]).toEqual([['a', 'c'], 0]);
  });
});
