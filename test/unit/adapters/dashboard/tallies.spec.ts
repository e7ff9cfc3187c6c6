import { describe, expect, it } from '@jest/globals';
import { ManualClock } from 'nestjs-selfheal/testing';
import { MOST_OPERATIONS, OTHERS, Tallies } from '../../../../lib/adapters/dashboard/tallies.js';

const ended = (operation: string, durationMs = 10) =>
  ({ operation, outcome: 'success', durationMs }) as const;

describe('what is counted of operations', () => {
  const SUCCESS = 1;

  it('counts calls by second and since the start', async () => {
    const clock = new ManualClock();
    const tallies = new Tallies(clock);
    tallies.ended(ended('A.b'));
    tallies.ended({ operation: 'A.b', outcome: 'failure', durationMs: 30 });
    await clock.advance(2_500);
    tallies.ended(ended('A.b'));

    const tally = tallies.of('A.b');

    expect(tally.calls).toEqual({ success: 2, failure: 1 });
    expect(tally.rows(0, 3)).toEqual([
      [0, 1, 1, 0, 0, 0, 40],
      [2, 1, 0, 0, 0, 0, 10],
    ]);
  });

  it('forgets seconds after a minute, and what it knows since the start never', async () => {
    const clock = new ManualClock();
    const tallies = new Tallies(clock);
    for (let second = 0; second < 100; second += 1) {
      tallies.ended(ended('A.b'));
      await clock.advance(1_000);
    }

    const rows = tallies.of('A.b').rows(0, 100);

    expect(rows.map(([second]) => second)).toEqual(Array.from({ length: 60 }, (_, index) => 40 + index));
    expect(rows.every((row) => row[SUCCESS] === 1)).toBe(true);
    expect(tallies.of('A.b').calls).toEqual({ success: 100 });
  });

  it('tells percentiles of the last minute, right to a tenth', async () => {
    const clock = new ManualClock();
    const tallies = new Tallies(clock);
    for (let call = 1; call <= 100; call += 1) tallies.ended(ended('A.b', call));

    const latency = tallies.of('A.b').latencyAt(tallies.second);
    await clock.advance(70_000);

    expect(latency?.p50Ms).toBeGreaterThan(45);
    expect(latency?.p50Ms).toBeLessThan(55);
    expect(latency?.p95Ms).toBeGreaterThan(85.5);
    expect(latency?.p95Ms).toBeLessThan(104.5);
    expect(tallies.of('A.b').latencyAt(tallies.second)).toBeUndefined();
  });

  it('keeps durations without measure in its first and last bucket', () => {
    const tallies = new Tallies(new ManualClock());
    for (const durationMs of [0, -1, Number.NaN]) tallies.ended(ended('A.fast', durationMs));
    tallies.ended(ended('A.slow', 3_600_000));

    expect(tallies.of('A.fast').latencyAt(0)?.p99Ms).toBeLessThan(0.06);
    expect(tallies.of('A.slow').latencyAt(0)?.p50Ms).toBeGreaterThan(60_000);
  });

  it('counts together what comes after very many operations', () => {
    const tallies = new Tallies(new ManualClock());

    for (let index = 0; index < MOST_OPERATIONS + 50; index += 1) tallies.ended(ended(`execute ${index}`));

    expect(tallies.size).toBe(MOST_OPERATIONS + 1);
    expect(tallies.of(OTHERS).calls).toEqual({ success: 50 });
  });

  it('takes no policy for an operation', () => {
    const tallies = new Tallies(new ManualClock());

    tallies.hear({
      kind: 'circuit-breaker.state-changed',
      operation: 'db',
      policy: 'db',
      timestampMs: 0,
      from: 'open',
      to: 'half-open',
      failureRate: 1,
      keyed: false,
    });

    expect(tallies.size).toBe(0);
  });
});
