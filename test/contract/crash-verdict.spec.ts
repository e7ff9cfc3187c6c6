import { describe, expect, it } from '@jest/globals';
import type { LedgerLine } from '../crash/ledger.js';
import { type Expectation, judge } from '../crash/verdict.js';

const A = 1;
const B = 2;
const LEASE_MS = 1_000;
const STRICT: Expectation = { slackMs: 500, isStoreUp: true, leavesRows: true };

/** A line of the ledger, about one key unless it says another. */
function line<L extends LedgerLine['line']>(
  kind: L,
  own: Omit<Extract<LedgerLine, { line: L }>, 'line' | 'key'>,
): LedgerLine {
  return { key: 'key', line: kind, ...own } as LedgerLine;
}

const acquired = (pid: number, fence: string, atMs: number, tookOver = false) =>
  line('acquired', { pid, atMs, fence, tookOver, attempts: 1, sentMs: atMs, leaseMs: LEASE_MS });
const rowOf = (recovered: boolean) => (pid: number, run: string, fence: string, atMs: number) =>
  line('row', { pid, atMs, run, fence, recovered });
const row = rowOf(false);
const recorded = (pid: number, run: string, fence: string, atMs: number) =>
  line('recorded', { pid, atMs, run, fence });
const answer = (pid: number, ending: 'own' | 'replay', run: string, atMs: number) =>
  line('answer', { pid, atMs, askedMs: atMs, ending, run, isAudit: false });
const killed = (pid: number, atMs: number) => line('killed', { pid, atMs });

/** One owner that completes; the second one knows that it is not the first. */
const completed = (pid: number, run: string, fence: string, atMs: number): LedgerLine[] => [
  rowOf(fence !== '1')(pid, run, fence, atMs),
  recorded(pid, run, fence, atMs + 1),
  answer(pid, 'own', run, atMs + 2),
];
const audited = (run: string) =>
  line('answer', { pid: 9, atMs: 90_000, askedMs: 90_000, ending: 'replay', run, isAudit: true });

describe('the verdict on a ledger', () => {
  it('finds nothing where one run is recorded and told to everybody', () => {
    const lines = [
      acquired(A, '1', 0),
      ...completed(A, 'a', '1', 5),
      answer(B, 'replay', 'a', 9),
      audited('a'),
    ];

    expect(judge(lines, STRICT)).toEqual({
      keys: 1,
      calls: 2,
      rows: 1,
      replays: 2,
      takeovers: 0,
      lostOwners: 0,
      rowsOfLostOwners: 0,
      answersNotRecorded: 0,
      longestSilenceMs: 0,
      longestWaitMs: 0,
      violations: [],
    });
  });

  it('accounts for the row of an owner that was killed, and measures how long its key was silent', () => {
    const lines = [
      acquired(A, '1', 0),
      row(A, 'a', '1', 5),
      killed(A, 10),
      acquired(B, '2', 1_100, true),
      ...completed(B, 'b', '2', 1_105),
      audited('b'),
    ];

    expect(judge(lines, STRICT)).toMatchObject({
      takeovers: 1,
      lostOwners: 1,
      rowsOfLostOwners: 1,
      longestSilenceMs: 1_090,
      violations: [],
    });
  });

  it.each<readonly [string, readonly LedgerLine[], RegExp, Partial<Expectation>]>([
    [
      'two recorded outcomes',
      [acquired(A, '1', 0), ...completed(A, 'a', '1', 5), recorded(B, 'b', '2', 8), audited('a')],
      /2 recorded outcomes/,
      {},
    ],
    [
      'a replay of another outcome',
      [acquired(A, '1', 0), ...completed(A, 'a', '1', 5), answer(B, 'replay', 'b', 8), audited('a')],
      /2 recorded outcomes/,
      {},
    ],
    [
      'a completed key that runs again',
      [acquired(A, '1', 0), ...completed(A, 'a', '1', 5), row(A, 'b', '2', 20), killed(A, 30), audited('a')],
      /was completed by fence 1, and ran again under 2/,
      {},
    ],
    [
      'a claim that runs twice',
      [acquired(A, '1', 0), row(A, 'b', '1', 4), ...completed(A, 'a', '1', 5), killed(A, 30), audited('a')],
      /ran twice under one claim/,
      {},
    ],
    [
      'an owner that took over and was not told so',
      [
        acquired(A, '1', 0),
        killed(A, 5),
        acquired(B, '2', 1_100, true),
        row(B, 'b', '2', 1_101),
        recorded(B, 'b', '2', 1_102),
        audited('b'),
      ],
      /ran under fence 2 and was not told that it is recovered/,
      {},
    ],
    [
      'a row that nobody accounts for',
      [acquired(A, '1', 0), row(A, 'a', '1', 5), ...completed(B, 'b', '2', 2_000), audited('b')],
      /nobody accounts for row a/,
      {},
    ],
    [
      'a second row where no owner was lost',
      [
        acquired(A, '1', 0),
        row(A, 'a', '1', 5),
        killed(A, 6),
        ...completed(B, 'b', '2', 2_000),
        audited('b'),
      ],
      /nobody accounts for row a/,
      { leavesRows: false },
    ],
    [
      'a takeover before the lease is over',
      [
        acquired(A, '1', 0),
        line('renewed', { pid: A, atMs: 401, fence: '1', sentMs: 400, leaseMs: LEASE_MS }),
        killed(A, 500),
        acquired(B, '2', 1_300, true),
        ...completed(B, 'b', '2', 1_301),
        audited('b'),
      ],
      /taken over 100 ms before its lease was over/,
      {},
    ],
    [
      'one fence for two',
      [acquired(A, '1', 0), acquired(B, '1', 1), ...completed(A, 'a', '1', 5), audited('a')],
      /two processes had one fence/,
      {},
    ],
    [
      'a key that stays stuck',
      [
        acquired(A, '1', 0),
        killed(A, 10),
        acquired(B, '2', 1_600, true),
        ...completed(B, 'b', '2', 1_601),
        audited('b'),
      ],
      /stuck for 1590 ms/,
      {},
    ],
    [
      'a call that waits for longer than a lease, whoever has the key',
      [
        acquired(A, '1', 0),
        ...completed(A, 'a', '1', 2_000),
        line('answer', { pid: B, atMs: 2_003, askedMs: 400, ending: 'replay', run: 'a', isAudit: false }),
        audited('a'),
      ],
      /a call waited for 1603 ms/,
      {},
    ],
    [
      'an answer that is not what is recorded',
      [
        acquired(A, '1', 0),
        row(A, 'a', '1', 5),
        answer(A, 'own', 'a', 6),
        killed(A, 7),
        ...completed(B, 'b', '2', 2_000),
        audited('b'),
      ],
      /a client was told a, which is not what is recorded/,
      {},
    ],
    [
      'a key that the audit did not get',
      [acquired(A, '1', 0), ...completed(A, 'a', '1', 5)],
      /no answer/,
      {},
    ],
    ['an outcome from nowhere', [acquired(A, '1', 0), audited('a')], /no run has produced/, {}],
  ])('finds %s', (_, lines, violation, expectation) => {
    const { violations } = judge(lines, { ...STRICT, ...expectation });

    expect(violations.join('\n')).toMatch(violation);
  });

  it('does not wait for a key that its dead owner had given up before, which only the store knows', () => {
    const lines = [
      acquired(A, '1', 0),
      acquired(B, '2', 5),
      ...completed(B, 'b', '2', 6),
      killed(A, 10),
      audited('b'),
    ];

    expect(judge(lines, STRICT)).toMatchObject({ lostOwners: 0, violations: [] });
  });

  it('does not wait for a key that its dead owner had completed before, which only others could tell', () => {
    const lines = [
      acquired(A, '1', 0),
      row(A, 'a', '1', 30),
      answer(B, 'replay', 'a', 80),
      killed(A, 90),
      audited('a'),
    ];

    expect(judge(lines, STRICT)).toMatchObject({ lostOwners: 0, longestSilenceMs: 0, violations: [] });
  });

  it('lets an owner that was cut off answer its client although another run is recorded, and counts it', () => {
    const lines = [
      acquired(A, '1', 0),
      row(A, 'a', '1', 5),
      answer(A, 'own', 'a', 6),
      acquired(B, '2', 1_100, true),
      ...completed(B, 'b', '2', 1_105),
      line('refused', { pid: A, atMs: 1_200, fence: '1' }),
      audited('b'),
    ];

    expect(judge(lines, { ...STRICT, isStoreUp: false })).toMatchObject({
      answersNotRecorded: 1,
      rowsOfLostOwners: 1,
      violations: [],
    });
  });
});
