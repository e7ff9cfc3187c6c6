import { describe, expect, it } from '@jest/globals';
import { AsyncContext } from '../../../lib/core/async-context.js';

interface Run {
  readonly name: string;
  isSettled: boolean;
}

const DEEP = 1_000;

/** A context, and how often it was asked whether something is over. */
function runs(hides = false) {
  const asked = { times: 0 };
  const isOver = ({ isSettled }: Run): boolean => {
    asked.times += 1;
    return isSettled;
  };
  return { context: new AsyncContext<Run>({ isOver, hides }), asked };
}

const run = (name: string): Run => ({ name, isSettled: false });

describe('what running code stands in', () => {
  it('is found of each kind by itself, the innermost first, until the code has ended', async () => {
    const [keys, requests] = [runs().context, runs(true).context];
    const look = (): unknown => [keys.innermost?.name, requests.innermost?.name];
    let inside: unknown;

    await keys.run(run('a'), () =>
      requests.run(run('r'), () =>
        keys.run(run('b'), async () => {
          await Promise.resolve();
          inside = [look(), keys.find(({ name }) => name === 'a')?.name];
        }),
      ),
    );

    expect(inside).toEqual([['b', 'r'], 'a']);
    expect(look()).toEqual([undefined, undefined]);
  });

  it('is hidden by another of its kind where only the innermost counts', () => {
    const { context } = runs(true);
    const found = context.run(run('a'), () =>
      context.run(run('b'), () => context.find(({ name }) => name === 'a')),
    );

    expect(found).toBeUndefined();
  });

  it('is what was there before again when the code throws', () => {
    const { context } = runs();
    const found = context.run(run('a'), () => {
      expect(() =>
        context.run(run('b'), () => {
          throw new Error('failed');
        }),
      ).toThrow('failed');
      return context.innermost?.name;
    });

    expect(found).toBe('a');
  });

  it('does not pile up where one call starts the next and ends', () => {
    const { context } = runs();
    const seen = { most: 0 };
    const look = (): void => {
      const standing: Run[] = [];
      context.find((each) => standing.push(each) === 0);
      seen.most = Math.max(seen.most, standing.length);
    };
    const start = (left: number, before: Run): void => {
      const next = run(`call ${left}`);
      context.run(next, () => {
        // Whoever has started this one ends only now.
        before.isSettled = true;
        look();
        if (left > 0) start(left - 1, next);
      });
    };
    start(DEEP, run('nobody'));

    expect(seen.most).toBe(2);
  });

  it('is all there however deep calls stand in each other, and is gone through now and then only', () => {
    const { context, asked } = runs();
    const nest = (depth: number): boolean =>
      context.run(run(`${depth}`), () =>
        depth < DEEP ? nest(depth + 1) : context.find(({ name }) => name === '1') !== undefined,
      );

    expect(nest(1)).toBe(true);
    expect(asked.times).toBeLessThan((DEEP * DEEP) / 8);
  });
});
