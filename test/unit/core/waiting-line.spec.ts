import { describe, expect, it } from '@jest/globals';
import { Refusal } from '../../../lib/core/rule.js';
import { WaitingLine } from '../../../lib/core/waiting-line.js';

const PERMIT = 7;

describe('WaitingLine', () => {
  it('serves in the order of coming, and passes over those who have left', () => {
    const line = new WaitingLine();
    const served: string[] = [];
    const [, b, , d] = ['a', 'b', 'c', 'd'].map((name) => {
      const waiter = line.join(() => undefined);
      waiter.onTurn(() => served.push(name));
      return waiter;
    });

    b?.leave();
    d?.leave();
    const answers = [line.serveFirst(PERMIT), line.serveFirst(PERMIT), line.serveFirst(PERMIT)];

    expect(served).toEqual(['a', 'c']);
    expect(answers).toEqual([true, true, false]);
    expect(line.length).toBe(0);
  });

  it('tells a waiter at most once, whatever comes after', () => {
    const line = new WaitingLine();
    const told: unknown[] = [];
    const waiter = line.join(() => undefined);
    waiter.onTurn((admission) => told.push(admission));

    line.serveFirst(PERMIT);
    waiter.settle(new Refusal(new Error('late')));
    waiter.leave();

    expect(told).toEqual([PERMIT]);
  });

  it('tells nothing to one that has left', () => {
    const line = new WaitingLine();
    const told: unknown[] = [];
    const waiter = line.join(() => undefined);
    waiter.leave();

    waiter.onTurn((admission) => told.push(admission));
    waiter.settle(PERMIT);

    expect(told).toEqual([]);
  });

  it('says once that a waiter has gone, and is already without it then', () => {
    const line = new WaitingLine();
    const lengths: number[] = [];
    const waiter = line.join(() => lengths.push(line.length));

    waiter.leave();
    waiter.leave();

    expect(lengths).toEqual([0]);
  });
});
