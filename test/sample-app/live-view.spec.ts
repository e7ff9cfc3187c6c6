import { describe, expect, it } from '@jest/globals';
import type { Answer } from '../../sample-app/demo/answer.js';
import { LiveView, type Moment } from '../../sample-app/demo/live-view.js';
import { faultPlan, phaseWith } from '../../sample-app/upstreams/fault-plan.js';

const OUTAGE = phaseWith(faultPlan('full'), 'outage');

function momentAt(elapsedMs: number): Moment {
  const answers: Answer[] = [
    { atMs: elapsedMs - 500, waitMs: 10, outcome: 'degraded' },
    { atMs: elapsedMs - 400, waitMs: 10, outcome: 'failed' },
  ];
  const healing = { retries: 7, budgetTokens: 9.5, breakers: { payments: 'open' } };
  return { mode: 'healing', elapsedMs, phase: OUTAGE, answers, stats: { upstreamCalls: 3, healing } };
}

function viewOf({ isTTY }: { isTTY: boolean }) {
  const written: string[] = [];
  const view = new LiveView({ isTTY, columns: 80, write: (text) => written.push(text) });
  return { view, written };
}

describe('live view', () => {
  it('prints a plain line a second where there is no terminal', () => {
    const { view, written } = viewOf({ isTTY: false });

    for (const elapsedMs of [1_000, 1_500, 2_000, 2_500]) view.show(momentAt(elapsedMs));

    expect(written).toHaveLength(2);
    expect(written[0]).toMatch(
      /full outage .* 2\/s +success +50% +retries 7 +budget 9.5 +breakers payments open\n$/,
    );
    expect(written.join('')).not.toContain('\u001b');
  });

  it('writes over its own block in a terminal', () => {
    const { view, written } = viewOf({ isTTY: true });

    view.show(momentAt(1_000));
    view.show(momentAt(1_500));

    const [first = '', second = ''] = written;
    expect(first.startsWith('\u001b[2K')).toBe(true);
    expect(second.startsWith(`\u001b[${first.split('\n').length - 1}A`)).toBe(true);
  });

  it('leaves alone what was said', () => {
    const { view, written } = viewOf({ isTTY: true });

    view.show(momentAt(1_000));
    view.say('Second run');
    view.show(momentAt(500));

    expect(written.at(-1)?.startsWith('\u001b[2K')).toBe(true);
  });
});
