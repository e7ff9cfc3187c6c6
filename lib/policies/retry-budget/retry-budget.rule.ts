import type { Clock } from '../../core/clock.js';
import type { RetryBudget } from '../../core/retry-budget.js';
import type { ResolvedRetryBudgetOptions } from './retry-budget.options.js';

/** A token in the unit of the account. Whole numbers of it add up exactly where tenths of a token do not. */
const TOKEN = 1_000_000_000;

/** The state of a budget at one moment. */
export interface RetryBudgetSnapshot {
  /** Its name in options, events and metrics. */
  readonly name: string;
  /** Tokens that are left. */
  readonly balance: number;
  /** The most tokens it holds. */
  readonly capacity: number;
}

/**
 * The account that bounds how much retrying adds to the load. Its balance is never negative and never above
 * capacity, and every amount is exact to a billionth of a token, however long it runs.
 */
export class RetryBudgetRule implements RetryBudget {
  private units: number;
  private capacityUnits: number;
  private depositUnits: number;
  private refundUnits: number;
  private unitsPerMs: number;
  /** Since when the trickle is counted, and what of it is on the account: a sum of parts would drift. */
  private countedFromMs: number;
  private countedUnits = 0;

  constructor(
    readonly name: string,
    private options: ResolvedRetryBudgetOptions,
    private readonly clock: Clock,
  ) {
    this.capacityUnits = unitsOf(options.capacity);
    this.depositUnits = unitsOf(options.ratio);
    this.refundUnits = options.refund ? TOKEN : 0;
    this.unitsPerMs = (options.tokensPerSecond * TOKEN) / 1_000;
    this.units = this.capacityUnits;
    this.countedFromMs = clock.nowMs();
  }

  /** Tokens that are left; what trickled in until now included. */
  get balance(): number {
    this.trickle();
    return this.units / TOKEN;
  }

  /** The state at this moment. */
  snapshot(): RetryBudgetSnapshot {
    return { name: this.name, balance: this.balance, capacity: this.options.capacity };
  }

  tryTake(): boolean {
    this.trickle();
    if (this.units < TOKEN) return false;
    this.units -= TOKEN;
    return true;
  }

  giveBack(reason: 'succeeded' | 'not-started'): void {
    this.add(reason === 'succeeded' ? this.refundUnits : TOKEN);
  }

  deposit(): void {
    this.add(this.depositUnits);
  }

  /** Other options from now on; the balance stays, as far as the new capacity holds it. */
  reconfigure(options: ResolvedRetryBudgetOptions): void {
    this.trickle();
    this.options = options;
    this.capacityUnits = unitsOf(options.capacity);
    this.depositUnits = unitsOf(options.ratio);
    this.refundUnits = options.refund ? TOKEN : 0;
    this.unitsPerMs = (options.tokensPerSecond * TOKEN) / 1_000;
    this.add(0);
    this.countFrom(this.clock.nowMs());
  }

  /** Between two takings the balance only rises, so the order in which amounts are added does not matter. */
  private trickle(): void {
    if (this.unitsPerMs === 0) return;
    const nowMs = this.clock.nowMs();
    const units = Math.round((nowMs - this.countedFromMs) * this.unitsPerMs);
    this.add(units - this.countedUnits);
    this.countedUnits = units;
    // What trickles into a full account is lost: counting begins anew, and sums stay small.
    if (this.units === this.capacityUnits) this.countFrom(nowMs);
  }

  private countFrom(nowMs: number): void {
    this.countedFromMs = nowMs;
    this.countedUnits = 0;
  }

  private add(units: number): void {
    const sum = this.units + units;
    this.units = sum < this.capacityUnits ? sum : this.capacityUnits;
  }
}

function unitsOf(tokens: number): number {
  return Math.round(tokens * TOKEN);
}
