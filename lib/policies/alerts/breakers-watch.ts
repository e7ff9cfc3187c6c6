import type { CircuitBreakerState, CircuitBreakerStateChangedEvent } from '../../core/events.js';
import { type AlertNotice, NEVER } from './alert-notice.js';
import type { ResolvedAlertOptions } from './alerts.options.js';

/** A change of state, and which breaker it happened to: those of different keys have one name. */
export type BreakerChange = Pick<CircuitBreakerStateChangedEvent, 'policy' | 'from' | 'to' | 'keyed'>;

/** The time in which a breaker is not closed. */
interface Episode {
  readonly policy: string;
  readonly keyed: boolean;
  readonly beganMs: number;
  state: CircuitBreakerState;
  isRaised: boolean;
}

/** Follows the breakers that are not closed, and tells of those that stay so for too long. */
export class BreakersWatch {
  private readonly episodes = new Map<unknown, Episode>();
  /** When the last alert of each breaker was raised, oldest first; kept for the time of the debounce. */
  private readonly raisedMs = new Map<unknown, number>();

  constructor(private readonly options: ResolvedAlertOptions) {}

  /** `breaker` is what tells this one apart from all others. */
  changed(breaker: unknown, change: BreakerChange, nowMs: number): readonly AlertNotice[] {
    const before = this.decide(nowMs);
    return [...before, ...this.follow(breaker, change, nowMs)];
  }

  /** What there is to tell by now. */
  decide(nowMs: number): readonly AlertNotice[] {
    const notices: AlertNotice[] = [];
    for (const [breaker, episode] of this.episodes) {
      if (this.dueOf(breaker, episode) <= nowMs) notices.push(this.raise(breaker, episode, nowMs));
    }
    return notices;
  }

  /** When it wants to be asked next. */
  get dueMs(): number {
    let dueMs = NEVER;
    for (const [breaker, episode] of this.episodes) dueMs = Math.min(dueMs, this.dueOf(breaker, episode));
    return dueMs;
  }

  private follow(breaker: unknown, change: BreakerChange, nowMs: number): readonly AlertNotice[] {
    const { policy, from, to: state, keyed } = change;
    if (state === 'closed' || state === 'disabled') {
      // A hand sets all keys of a breaker at once, and tells of those only that are remembered by then.
      const isOfAllKeys = keyed && from === 'forced-open';
      return isOfAllKeys ? this.endForced(policy, nowMs) : this.end(breaker, nowMs);
    }
    const episode = this.episodes.get(breaker);
    if (episode !== undefined) episode.state = state;
    else this.episodes.set(breaker, { policy, keyed, state, beganMs: nowMs, isRaised: false });
    return [];
  }

  private end(breaker: unknown, nowMs: number): readonly AlertNotice[] {
    const episode = this.episodes.get(breaker);
    this.episodes.delete(breaker);
    return episode?.isRaised === true ? [cleared(episode, nowMs)] : [];
  }

  private endForced(policy: string, nowMs: number): readonly AlertNotice[] {
    const forced = [...this.episodes].filter(
      ([, episode]) => episode.policy === policy && episode.state === 'forced-open',
    );
    return forced.flatMap(([breaker]) => this.end(breaker, nowMs));
  }

  private dueOf(breaker: unknown, { isRaised, beganMs }: Episode): number {
    if (isRaised) return NEVER;
    const { openLongerThanMs, debounceMs } = this.options;
    const lastMs = this.raisedMs.get(breaker) ?? Number.NEGATIVE_INFINITY;
    return Math.max(beganMs + openLongerThanMs, lastMs + debounceMs);
  }

  private raise(breaker: unknown, episode: Episode, nowMs: number): AlertNotice {
    const { policy, keyed, state, beganMs } = episode;
    episode.isRaised = true;
    this.remember(breaker, nowMs);
    return {
      kind: 'alert.raised',
      alert: 'breaker-open',
      operation: policy,
      policy,
      lastingMs: nowMs - beganMs,
      state,
      keyed,
    };
  }

  private remember(breaker: unknown, nowMs: number): void {
    this.raisedMs.delete(breaker);
    for (const [other, raisedMs] of this.raisedMs) {
      if (raisedMs + this.options.debounceMs > nowMs) break;
      this.raisedMs.delete(other);
    }
    this.raisedMs.set(breaker, nowMs);
  }
}

function cleared({ policy, keyed, beganMs }: Episode, nowMs: number): AlertNotice {
  return {
    kind: 'alert.cleared',
    alert: 'breaker-open',
    operation: policy,
    policy,
    lastedMs: nowMs - beganMs,
    keyed,
  };
}
