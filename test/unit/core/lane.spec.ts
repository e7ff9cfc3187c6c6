import { describe, expect, it } from '@jest/globals';
import { Lane, type LaneEntry } from '../../../lib/core/lane.js';
import { ManualClock } from '../../../lib/testing/manual-clock.js';

/** Notes when its time is up, and enters again as often as it is told to. */
class Entry implements LaneEntry {
  laneDueMs = 0;
  lanePrevious: LaneEntry | undefined;
  laneNext: LaneEntry | undefined;
  readonly upAt: number[] = [];

  constructor(
    private readonly lane: Lane,
    private readonly clock: ManualClock,
    private readonly times = 1,
  ) {}

  timeUp(): void {
    this.upAt.push(this.clock.nowMs());
    if (this.upAt.length < this.times) this.lane.enter(this);
  }
}

describe('Lane', () => {
  it('is in time for who entered second, also when the first enters again as its time is up', async () => {
    const clock = new ManualClock();
    const lane = new Lane(100, clock);
    const first = new Entry(lane, clock, 2);
    const second = new Entry(lane, clock);
    lane.enter(first);
    await clock.advance(10);
    lane.enter(second);

    await clock.runAll();

    expect(first.upAt).toEqual([100, 200]);
    expect(second.upAt).toEqual([110]);
    expect(clock.allTimers).toBe(0);
  });
});
