import { FusedCall, type SpareCalls } from './fused-call.js';
import { FusedHedgedCall } from './fused-hedged-call.js';
import { type FirstCall, learn, type Learned } from './fused-learning.js';
import { FusedLimitedCall } from './fused-limited-call.js';
import { type FusedPipeline, FusedWay } from './fused-way.js';

/** Calls that have ended are kept for the next ones, up to so many. */
const MOST_SPARE_CALLS = 512;

/**
 * The first attempt of a call in one frame: all gates are asked, the method is called in the same tick, and one
 * reaction to its promise tells all rules of a success. Whatever else happens (a refusal, a queue, a failure, a
 * limit that passes) is handed over to the plain composition together with what was done so far.
 */
export class FusedPath implements SpareCalls {
  private readonly way: FusedWay;
  private spare: FusedCall | undefined;
  private spareCalls = 0;

  constructor(pipeline: FusedPipeline) {
    this.way = new FusedWay(pipeline);
  }

  /** Whether no call around the next one can limit it. */
  get isOpen(): boolean {
    return this.way.ambient.isQuiet || this.way.ambient.current === undefined;
  }

  /** Calls the method; never throws. */
  call(self: unknown, args: readonly unknown[]): Promise<unknown> {
    const { spare } = this;
    if (spare === undefined) return this.newCall().start(self, args);
    this.spare = spare.nextSpare;
    this.spareCalls -= 1;
    return spare.start(self, args);
  }

  /** Calls a method of which nobody knows what it gives. */
  learn(first: FirstCall): Learned {
    return learn(this.newCall(), first);
  }

  /** Takes back a call that has ended. */
  recycle(call: FusedCall): void {
    if (this.spareCalls >= MOST_SPARE_CALLS) return;
    call.nextSpare = this.spare;
    this.spare = call;
    this.spareCalls += 1;
  }

  private newCall(): FusedCall {
    if (this.way.isHedged) return new FusedHedgedCall(this.way, this);
    return this.way.lane === undefined ? new FusedCall(this.way, this) : new FusedLimitedCall(this.way, this);
  }
}
