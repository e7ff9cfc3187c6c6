import { describe, expect, it } from '@jest/globals';
import { PassingList } from '../../../lib/core/passing-list.js';

describe('a list of what is under way', () => {
  it('gives the oldest first, as often as it has entered', () => {
    const list = new PassingList<{ readonly name: string }>();
    const [a, b] = [{ name: 'a' }, { name: 'b' }];
    list.enter(a);
    list.enter(b);
    list.enter(a);

    expect(taken(list)).toEqual(['a', 'b', 'a']);
    expect([list.isEmpty, list.takeFirst()]).toEqual([true, undefined]);
  });

  it.each([
    ['first', 0, 'bc'],
    ['in the middle', 1, 'ac'],
    ['last', 2, 'ab'],
  ])('may be left by what stands %s, once', (_, index, left) => {
    const list = new PassingList<{ readonly name: string }>();
    const leave = [...'abc'].map((name) => list.enter({ name }))[index];

    leave?.();
    leave?.();
    list.enter({ name: 'd' });

    expect(taken(list).join('')).toBe(`${left}d`);
  });

  it('is not touched by what was taken out and leaves afterwards', () => {
    const list = new PassingList<{ readonly name: string }>();
    const leaveA = list.enter({ name: 'a' });
    list.enter({ name: 'b' });
    list.takeFirst();
    leaveA();

    expect([list.isEmpty, ...taken(list)]).toEqual([false, 'b']);
  });
});

function taken(list: PassingList<{ readonly name: string }>): string[] {
  const names: string[] = [];
  for (let next = list.takeFirst(); next !== undefined; next = list.takeFirst()) names.push(next.name);
  return names;
}
