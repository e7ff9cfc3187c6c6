import { describe, expect, it } from '@jest/globals';
import { RecentDurations } from '../../../../lib/policies/hedge/quantile.js';

function recorded(durations: readonly number[], fewest = 1): RecentDurations {
  const recent = new RecentDurations(fewest);
  for (const each of durations) recent.record(each);
  return recent;
}

const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

describe('RecentDurations', () => {
  it('says nothing while too few are known', () => {
    const recent = recorded(upTo(19), 20);

    const before = recent.percentile(95);
    recent.record(20);

    expect(before).toBeUndefined();
    expect(recent.percentile(95)).toBe(19);
  });

  it('gives a duration that was recorded, by nearest rank, whatever the order of arrival', () => {
    const recent = recorded([...upTo(100)].reverse());

    expect([50, 55, 90, 95, 99].map((each) => recent.percentile(each))).toEqual([50, 55, 90, 95, 99]);
  });

  it('forgets the oldest of more than 256', () => {
    const recent = recorded([...Array.from({ length: 256 }, () => 1000), ...upTo(256)]);

    expect(recent.percentile(50)).toBe(128);
    expect(recent.percentile(99)).toBe(254);
  });

  it('keeps equal durations apart', () => {
    const recent = recorded([5, 5, 5, 1, 9]);

    expect([50, 60, 80, 99].map((each) => recent.percentile(each))).toEqual([5, 5, 5, 9]);
  });
});
