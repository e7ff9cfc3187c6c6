import type { ModelTime } from './time.js';

export interface ModelBudgetOptions {
  readonly capacity: number;
  readonly ratio: number;
  readonly minRetriesPerSecond: number;
}

/** What is smaller than this is the rounding of a sum. */
const ROUNDING = 1e-6;

/** An account in plain numbers. */
export class ModelBudget {
  private tokens: number;
  private countedMs = 0;

  constructor(
    private readonly options: ModelBudgetOptions,
    private readonly time: ModelTime,
  ) {
    this.tokens = options.capacity;
  }

  get balance(): number {
    const { nowMs } = this.time;
    this.add(((nowMs - this.countedMs) / 1000) * this.options.minRetriesPerSecond);
    this.countedMs = nowMs;
    return this.tokens;
  }

  tryTake(): boolean {
    if (this.balance < 1 - ROUNDING) return false;
    this.tokens -= 1;
    return true;
  }

  giveBack(): void {
    this.add(1);
  }

  deposit(): void {
    this.add(this.options.ratio);
  }

  private add(tokens: number): void {
    this.tokens = Math.min(this.options.capacity, this.tokens + tokens);
  }
}
