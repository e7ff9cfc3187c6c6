import { describe, expect, it } from '@jest/globals';
import type { ResilienceEvent } from 'nestjs-selfheal/core';
import { ManualClock } from 'nestjs-selfheal/testing';
import { LONGEST_MESSAGE, LONGEST_NAME } from '../../../../lib/adapters/dashboard/clipped.js';
import { eventText } from '../../../../lib/adapters/dashboard/event-text.js';
import {
  COMMON_LINES_PER_SECOND,
  LINES_KEPT,
  TimeLine,
} from '../../../../lib/adapters/dashboard/time-line.js';

const BASE = { operation: 'A.b', policy: 'retry', timestampMs: 1_000 };

function failing(error: unknown, operation = 'A.b'): ResilienceEvent {
  return { ...BASE, operation, kind: 'retry.scheduled', attempt: 1, delayMs: 120, error };
}

const opened: ResilienceEvent = {
  ...BASE,
  kind: 'circuit-breaker.state-changed',
  policy: 'db',
  from: 'closed',
  to: 'open',
  failureRate: 0.516,
  waitMs: 1_500,
  keyed: false,
};

describe('the time line', () => {
  it('tells what happened in words', () => {
    const timeLine = new TimeLine(new ManualClock());

    timeLine.hear(failing(new Error('upstream answered 503')));
    timeLine.hear(opened);

    expect(timeLine.after(0)).toMatchObject([
      {
        number: 1,
        atMs: 1_000,
        text: 'attempt 1 failed, next after 120 ms',
        error: 'Error: upstream answered 503',
      },
      { number: 2, policy: 'db', text: 'closed → open, 52 % failed, probes after 1.5 s' },
    ]);
    expect(timeLine.after(1)).toHaveLength(1);
  });

  it('tells the first of a flood and counts the others, and a change of state all the same', async () => {
    const clock = new ManualClock();
    const timeLine = new TimeLine(clock);

    for (let count = 0; count < 10_000; count += 1) timeLine.hear(failing(new Error('no')));
    timeLine.hear(opened);
    await clock.advance(1_000);
    const lines = timeLine.after(0);

    expect(lines.map(({ kind }) => kind)).toEqual([
      ...Array.from({ length: COMMON_LINES_PER_SECOND }, () => 'retry.scheduled'),
      'circuit-breaker.state-changed',
      'more',
    ]);
    expect(lines.at(-1)?.text).toBe(
      `${10_000 - COMMON_LINES_PER_SECOND} more: ${10_000 - COMMON_LINES_PER_SECOND} retry.scheduled`,
    );
  });

  it('keeps so many lines and no more', async () => {
    const clock = new ManualClock();
    const timeLine = new TimeLine(clock);

    for (let second = 0; second < LINES_KEPT * 2; second += 1) {
      timeLine.hear(opened);
      await clock.advance(1_000);
    }

    expect(timeLine.after(0)).toHaveLength(LINES_KEPT);
    expect(timeLine.after(0).at(-1)?.number).toBe(LINES_KEPT * 2);
  });

  it('cuts what is too long, and no letter in two', () => {
    const timeLine = new TimeLine(new ManualClock());

    timeLine.hear(failing(new Error('😀'.repeat(5_000)), 'x'.repeat(10_000)));
    const [line] = timeLine.after(0);

    expect(line?.operation).toHaveLength(LONGEST_NAME);
    expect(line?.error?.length).toBeLessThanOrEqual(LONGEST_MESSAGE);
    expect(line?.error).toMatch(/^Error: (?:😀)+…$/u);
  });

  it.each([
    [
      'a getter that throws',
      Object.defineProperty(new Error('x'), 'message', {
        get: () => {
          throw new Error('no');
        },
      }),
      'an error that cannot be read',
    ],
    ['a text', 'plain', '"plain"'],
    ['a value that counts as a failure', { status: 503 }, 'an object'],
    ['markup, as it is', new Error('<script>alert(1)</script>'), 'Error: <script>alert(1)</script>'],
  ])('reads %s without harm', (_what, error, expected) => {
    const timeLine = new TimeLine(new ManualClock());

    timeLine.hear(failing(error));

    expect(timeLine.after(0)[0]?.error).toBe(expected);
  });

  it('has words for kinds that it does not know', () => {
    const event = { ...BASE, kind: 'idempotency.taken-over', keyHash: 'abc', attempts: 3 } as const;
    const replayed = {
      ...BASE,
      kind: 'idempotency.in-flight',
      keyHash: 'abc',
      waitedMs: 61_000,
      reentrant: true,
    } as const;

    expect(eventText(event)).toBe('attempts 3');
    expect(eventText(replayed)).toBe('waited 1 min, reentrant');
  });
});
