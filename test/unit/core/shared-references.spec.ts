import { describe, expect, it } from '@jest/globals';
import { canonicalText } from '../../../lib/core/canonical.js';

const PATIENCE = 1_000_000;

/** Objects that each hold the one below twice; counts how often they are looked into. */
function shared(levels: number) {
  const looks = { count: 0 };
  let top: object = { leaf: true };
  for (let level = 0; level < levels; level += 1) {
    const below = top;
    top = {
      a: below,
      get b() {
        looks.count += 1;
        if (looks.count > PATIENCE) throw new Error('the walk does not end');
        return below;
      },
    };
  }
  return { top, looks };
}

function copied(levels: number): object {
  return levels === 0 ? { leaf: true } : { a: copied(levels - 1), b: copied(levels - 1) };
}

describe('An object that is referred to many times', () => {
  it('has the text of as many copies', () => {
    expect(canonicalText(shared(15).top)).toBe(canonicalText(copied(15)));
  });

  it('is not walked through each time', () => {
    const { top, looks } = shared(20);
    expect(canonicalText(top)).toMatch(/^\{"a":/);
    expect(looks.count).toBeLessThan(200_000);
  });

  it('is refused where its text would be longer than can be compared', () => {
    const { top, looks } = shared(60);
    expect(() => canonicalText({ order: [top] })).toThrow('is too large to be compared');
    expect(looks.count).toBeLessThan(200_000);
  });

  it('may stand in lists, maps and sets', () => {
    let top: unknown = ['leaf'];
    for (let level = 0; level < 60; level += 1)
      top = new Map([[1, new Set([[top, top]])], [2, top] as never]);
    expect(() => canonicalText(top)).toThrow('is too large to be compared');
  });

  it('may be a list with many holes', () => {
    expect(() => canonicalText({ items: Object.assign([], { length: 2 ** 32 - 1 }) })).toThrow(
      '.items is too large to be compared',
    );
  });
});

describe('What an array has besides its values', () => {
  it('counts', () => {
    expect(canonicalText(/b/.exec('abc'))).not.toBe(canonicalText(/b/.exec('ab')));
    expect(canonicalText([Object.assign([1], { total: 1 })])).not.toBe(canonicalText([[1], { total: 1 }]));
    expect(canonicalText(Object.assign([1], { a: 1, b: 2 }))).toBe(
      canonicalText(Object.assign([1], { b: 2, a: 1 })),
    );
  });

  it('does not count where it is undefined, as elsewhere', () => {
    expect(canonicalText(Object.assign([1], { total: undefined }))).toBe(canonicalText([1]));
  });
});
