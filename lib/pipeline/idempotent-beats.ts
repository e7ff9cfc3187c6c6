import type { Clock } from '../core/clock.js';
import { Lane } from '../core/lane.js';

/** The next beats of all claims, in one lane for each length; their timers keep no process alive. */
export class Beats {
  private readonly lanes = new Map<number, Lane>();
  private readonly clock: Clock;

  constructor(clock: Clock) {
    this.clock = {
      nowMs: () => clock.nowMs(),
      coarseMs: () => clock.coarseMs(),
      wallMs: () => clock.wallMs(),
      random: () => clock.random(),
      schedule: (delayMs, task) => clock.schedule(delayMs, task, { idle: true }),
      soon: (task) => clock.soon(task),
    };
  }

  /** The lane of beats of this length. */
  of(beatMs: number): Lane {
    const known = this.lanes.get(beatMs);
    if (known !== undefined) return known;
    const lane = new Lane(beatMs, this.clock);
    this.lanes.set(beatMs, lane);
    return lane;
  }
}
