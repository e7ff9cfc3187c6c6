import type { Call } from '../../core/call.js';
import type { Environment } from '../../core/environment.js';
import { withoutStack } from '../../core/errors.js';
import type { Lane } from '../../core/lane.js';
import { type TimeLimitKind, TimeoutExceededError } from './time-limiter.errors.js';

/** What a time limit is made of. */
export interface TimeLimitParts {
  readonly limit: TimeLimitKind;
  readonly timeoutMs: number;
  readonly environment: Environment;
}

const POLICY = 'timeLimiter';

/** One of the two limits of a method. It says what a passed limit means; the shells watch the time. */
export class TimeLimit {
  readonly limit: TimeLimitKind;
  readonly timeoutMs: number;
  /** Where a shell enters what this limit bounds: one timer for all calls with a limit of this length. */
  readonly lane: Lane;
  private readonly environment: Environment;

  constructor(parts: TimeLimitParts) {
    this.limit = parts.limit;
    this.timeoutMs = parts.timeoutMs;
    this.environment = parts.environment;
    this.lane = parts.environment.lanes.of(parts.timeoutMs);
  }

  /** The error for a call whose limit has passed; tells of it, so it is asked once per passed limit. */
  exceeded(call: Call): TimeoutExceededError {
    const { limit, timeoutMs } = this;
    const { operation } = call;
    const { events } = this.environment;
    if (events.isAwaited('time-limiter.timed-out')) {
      events.emit({ kind: 'time-limiter.timed-out', operation, policy: POLICY, limit, timeoutMs });
    }
    return withoutStack(() => new TimeoutExceededError({ operation, policy: POLICY, limit, timeoutMs }));
  }
}
