import { describe, expect, it } from '@jest/globals';
import { type ChaosOptions, ChaosRule, resolveChaosOptions } from '../../../../lib/policies/chaos/index.js';

function ruleOf(options: ChaosOptions, seed = 1): ChaosRule {
  return new ChaosRule(resolveChaosOptions('S.m', options), seed);
}

function failuresOf(rule: ChaosRule, executions: number): readonly boolean[] {
  return Array.from({ length: executions }, () => rule.decide().fails);
}

describe('ChaosRule', () => {
  it('P11: decides the same for the same seed, in the same order', () => {
    const decisions = failuresOf(ruleOf({ errorRate: 0.3 }, 42), 200);

    expect(failuresOf(ruleOf({ errorRate: 0.3 }, 42), 200)).toEqual(decisions);
    expect(failuresOf(ruleOf({ errorRate: 0.3 }, 43), 200)).not.toEqual(decisions);
  });

  it('lets about as many executions fail as the rate says', () => {
    const failed = failuresOf(ruleOf({ errorRate: 0.3 }), 10_000).filter(Boolean).length;

    expect(failed).toBeGreaterThan(2_800);
    expect(failed).toBeLessThan(3_200);
  });

  it('lets all fail at 1 and none at 0', () => {
    expect(failuresOf(ruleOf({ errorRate: 1 }), 1_000)).not.toContain(false);
    expect(failuresOf(ruleOf({ errorRate: 0 }), 1_000)).not.toContain(true);
  });

  it('delays every execution, whether it fails or not', () => {
    const rule = ruleOf({ errorRate: 0.5, latency: '1s' });

    const latencies = Array.from({ length: 10 }, () => rule.decide().latencyMs);

    expect(new Set(latencies)).toEqual(new Set([1_000]));
  });

  it('decides the same with a latency as without', () => {
    const slow = failuresOf(ruleOf({ errorRate: 0.5, latency: '1s' }, 7), 50);

    expect(failuresOf(ruleOf({ errorRate: 0.5 }, 7), 50)).toEqual(slow);
  });
});
