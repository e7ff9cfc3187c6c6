import { describe, expect, it } from '@jest/globals';
import type { Answer } from '../../sample-app/demo/answer.js';
import { figuresOf, percentile, recoveredAfterMs } from '../../sample-app/demo/figures.js';

/** One answer every 100 ms, in the given letters: f(ull), d(egraded), x (failed). */
function answersOf(letters: string, waitMs = 10): Answer[] {
  const outcomes = { f: 'full', d: 'degraded', x: 'failed' } as const;
  return [...letters].map((letter, index) => {
    return { atMs: index * 100, waitMs, outcome: outcomes[letter as keyof typeof outcomes] };
  });
}

describe('figures', () => {
  it('counts degraded answers as successes, and names their share', () => {
    const answers = answersOf('ffdx');
    const outage = { name: 'outage', beginsMs: 0, endsMs: 0, faults: {} };

    const figures = figuresOf({ answers, upstreamCalls: 10, upstreamCallsDuringOutage: 3 }, outage);

    expect(figures).toEqual({
      requests: 4,
      successRate: 0.75,
      degradedRate: 0.25,
      upstreamCallsPerRequest: 2.5,
      p50Ms: 10,
      p99Ms: 10,
      maxWaitMs: 10,
      recoveredAfterMs: null,
      upstreamCallsDuringOutage: 3,
    });
  });

  it('takes percentiles by nearest rank', () => {
    const ascending = Array.from({ length: 100 }, (_, index) => index + 1);

    const [median, high, highest] = [0.5, 0.99, 1].map((share) => percentile(ascending, share));

    expect([median, high, highest]).toEqual([50, 99, 100]);
    expect(percentile([], 0.5)).toBe(0);
  });

  it('calls recovered the first moment from which a whole second is healthy', () => {
    const answers = answersOf(`fffxx${'f'.repeat(5)}d${'f'.repeat(20)}`);

    expect(recoveredAfterMs(answers, 300)).toBe(800);
  });

  it('knows no recovery when the healthy time is too short', () => {
    expect(recoveredAfterMs(answersOf(`xx${'f'.repeat(10)}`), 0)).toBeNull();
    expect(recoveredAfterMs(answersOf(`xx${'f'.repeat(11)}`), 0)).toBe(200);
  });

  it('does not call a slow answer healthy', () => {
    expect(recoveredAfterMs(answersOf('f'.repeat(30), 1_001), 0)).toBeNull();
  });
});
