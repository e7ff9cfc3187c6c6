import type { Call } from '../../core/call.js';
import type { Environment } from '../../core/environment.js';
import type { RetryBudget } from '../../core/retry-budget.js';
import type { ResolvedHedgeOptions } from './hedge.options.js';
import type { RecentDurations } from './quantile.js';

/** What the hedge of one method is made of. */
export interface HedgeRuleParts {
  /** Name of the policy in events. */
  readonly name: string;
  readonly options: ResolvedHedgeOptions;
  readonly environment: Environment;
  /** Where hedges take their tokens; `undefined` where nothing bounds them. */
  readonly budget: RetryBudget | undefined;
  /** Whether the successes of first attempts pay into the budget here; `false` where the method's retry sees to it. */
  readonly deposits: boolean;
}

/** What follows a failed attempt: others are running and may succeed, or the call has failed with this error. */
export type HedgeDecision = { readonly kind: 'wait' } | { readonly kind: 'done'; readonly error: unknown };

/** Number of the attempt that is no hedge. */
const FIRST = 1;
const WAIT: HedgeDecision = { kind: 'wait' };

/**
 * One call, or one attempt of its retry, with the attempts that run for it side by side. It is told how each of them
 * ended and answers what follows; it settles once, and what comes after that changes nothing.
 */
export class HedgeRun {
  private state: 'hedging' | 'waiting' | 'settled';
  private launched = FIRST;
  private running = 1;
  private firstError: unknown;
  private readonly beganMs: number;
  /** Milliseconds from the start of one attempt to that of the next, where one may start. */
  readonly delayMs: number;

  constructor(
    private readonly parts: HedgeRuleParts,
    delayMs: number | undefined,
    private readonly call: Call,
    private readonly recent: RecentDurations | undefined,
  ) {
    this.delayMs = delayMs ?? Number.POSITIVE_INFINITY;
    this.state = delayMs === undefined || call.isUnsafe ? 'waiting' : 'hedging';
    this.beganMs = recent === undefined ? 0 : parts.environment.clock.nowMs();
  }

  /** Whether another attempt may start after the delay. */
  get mayLaunch(): boolean {
    return this.state === 'hedging';
  }

  /** Number of the attempt that started last, from 1. */
  get lastAttempt(): number {
    return this.launched;
  }

  /** The delay has passed: whether another attempt starts now. Where it does, its token is taken; a no is final. */
  admit(): boolean {
    if (this.state !== 'hedging') return false;
    if (this.isEnding || !this.takeToken()) {
      this.state = 'waiting';
      return false;
    }
    this.launched += 1;
    this.running += 1;
    if (this.launched > this.parts.options.maxHedgedAttempts) this.state = 'waiting';
    this.announce();
    return true;
  }

  /** An attempt succeeded; answers whether its outcome is the result. */
  succeeded(attempt: number): boolean {
    if (this.state === 'settled') return false;
    this.state = 'settled';
    const { budget, deposits, environment } = this.parts;
    if (attempt !== FIRST) budget?.giveBack('succeeded');
    else if (deposits) budget?.deposit();
    // How long the call took, not the hedge alone: that would make hedging look fast, and the delay shrink with it.
    this.recent?.record(environment.clock.nowMs() - this.beganMs);
    return true;
  }

  /** An attempt failed. */
  failed(attempt: number, error: unknown): HedgeDecision {
    if (this.state === 'settled') return WAIT;
    if (attempt === FIRST) this.firstError = error;
    this.running -= 1;
    if (this.running > 0) return WAIT;
    this.state = 'settled';
    return { kind: 'done', error: this.firstError };
  }

  /** Nobody waits for this call any more, or nothing may start any more. */
  private get isEnding(): boolean {
    return this.call.isCancelled || this.parts.environment.lifetime.isClosing;
  }

  private takeToken(): boolean {
    const { budget, environment, name: policy } = this.parts;
    if (budget === undefined || budget.tryTake()) return true;
    const { events } = environment;
    const { operation } = this.call;
    if (events.isAwaited('budget.refused'))
      events.emit({ kind: 'budget.refused', operation, policy, budget: budget.name });
    return false;
  }

  private announce(): void {
    const { environment, name: policy } = this.parts;
    const { events } = environment;
    const { operation } = this.call;
    if (events.isAwaited('hedge.launched'))
      events.emit({ kind: 'hedge.launched', operation, policy, attempt: this.launched });
  }
}
