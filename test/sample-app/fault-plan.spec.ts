import { describe, expect, it } from '@jest/globals';
import {
  type FaultPlan,
  faultPlan,
  phaseAt,
  phaseWith,
  type PlanLength,
} from '../../sample-app/upstreams/fault-plan.js';

const LENGTHS: readonly PlanLength[] = ['full', 'short'];

function faultsOf(plan: FaultPlan) {
  return plan.phases.map(({ faults }) => faults);
}

describe('fault plan', () => {
  it('has the same faults in both lengths', () => {
    const [full, short] = LENGTHS.map((length) => faultsOf(faultPlan(length)));

    expect(short).toEqual(full);
  });

  it.each(LENGTHS)('has every kind of trouble when it is %s', (length) => {
    const faults = faultsOf(faultPlan(length)).flatMap((phase) => Object.values(phase));

    expect(new Set(faults.map(({ kind }) => kind))).toEqual(
      new Set(['slow', 'unavailable', 'reset', 'hang', 'killed', 'outage']),
    );
    const forms = faults.map((fault) => (fault.kind === 'unavailable' ? fault.retryAfter : ''));
    expect(forms).toEqual(expect.arrayContaining(['seconds', 'date']));
  });

  it.each(LENGTHS)('has phases that follow each other without a gap when it is %s', (length) => {
    const { phases, durationMs } = faultPlan(length);

    const ends = [0, ...phases.map(({ endsMs }) => endsMs)];

    expect(phases.map(({ beginsMs }) => beginsMs)).toEqual(ends.slice(0, -1));
    expect(ends.at(-1)).toBe(durationMs);
  });

  it('leaves time for two runs, the orders after them, and all starts and ends within 90 s', () => {
    expect(2 * faultPlan('full').durationMs).toBeLessThanOrEqual(66_000);
  });

  it('answers with the phase of a moment, and with none before and after', () => {
    const plan = faultPlan('full');
    const outage = phaseWith(plan, 'outage');

    expect(phaseAt(plan, outage.beginsMs)).toBe(outage);
    expect(phaseAt(plan, outage.endsMs)).not.toBe(outage);
    expect(phaseAt(plan, -1)).toBeUndefined();
    expect(phaseAt(plan, plan.durationMs)).toBeUndefined();
  });
});
