import type { Call } from '../../core/call.js';
import type { Lane } from '../../core/lane.js';
import { type HedgeRuleParts, HedgeRun } from './hedge-run.js';
import { RecentDurations } from './quantile.js';

/** Successes before a percentile means anything. */
const WARM_UP = 20;

/** Decides when a slow attempt of one method gets another beside it, and which of them is the result. */
export class HedgeRule {
  /** Where a shell enters what waits for a fixed delay: one timer for all delays of this length. */
  readonly lane: Lane | undefined;
  /** Whether all attempts start at once. */
  readonly isParallel: boolean;
  private readonly recent: RecentDurations | undefined;

  constructor(private readonly parts: HedgeRuleParts) {
    const { delayMs } = parts.options;
    this.isParallel = delayMs === 0;
    this.lane = delayMs === undefined ? undefined : parts.environment.lanes.of(delayMs);
    this.recent = delayMs === undefined ? new RecentDurations(WARM_UP) : undefined;
  }

  /** The state of a call, or of one attempt of its retry; nothing in it outlives that. */
  begin(call: Call): HedgeRun {
    return new HedgeRun(this.parts, this.delayMs(), call, this.recent);
  }

  /** Milliseconds to wait as things are now; `undefined` while too little is known. */
  private delayMs(): number | undefined {
    const { delayMs, delayPercentile = 0 } = this.parts.options;
    return delayMs ?? this.recent?.percentile(delayPercentile);
  }
}
