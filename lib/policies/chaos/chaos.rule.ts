import type { ResolvedChaosOptions } from './chaos.options.js';
import { SeededSequence } from './seeded-sequence.js';

/** What happens to one execution before the method runs, or instead. */
export interface Injection {
  readonly latencyMs: number;
  /** Whether the execution fails without running the method. */
  readonly fails: boolean;
}

/** Decides which executions of one operation meet trouble: the same seed decides the same in the same order. */
export class ChaosRule {
  private readonly sequence: SeededSequence;

  constructor(
    private readonly options: ResolvedChaosOptions,
    seed: number,
  ) {
    this.sequence = new SeededSequence(seed);
  }

  /** Of the next execution. */
  decide(): Injection {
    const { latencyMs, errorRate } = this.options;
    return { latencyMs, fails: this.sequence.next() < errorRate };
  }

  /** What a failing execution fails with; what the user's function throws is as good. */
  makeError(): unknown {
    return this.options.makeError();
  }
}
