import { FusedCall } from './fused-call.js';

/**
 * A first attempt that may get company: it begins on the fused path, so that what a method gives can be learnt from
 * it, and is followed step by step from there, where the others can start beside it.
 */
export class FusedHedgedCall extends FusedCall {
  private readonly callInside = (): unknown => super.callMethod();

  override start(self: unknown, args: readonly unknown[]): Promise<unknown> {
    return this.startStepwise(self, args);
  }

  /** It may lose while its work goes on, so what it calls inside of it has to know where it stands. */
  override callMethod(): unknown {
    const { ambient } = this.way.pipeline.environment;
    return ambient.run(this.scope ?? this.makeScope(), this.callInside);
  }

  override follow(work: Promise<unknown>): Promise<unknown> {
    return this.handOverWork(work, false);
  }

  /** Until the plain composition knows better. */
  protected override deadlineMs(): number {
    return this.startedMs + (this.way.limit?.timeoutMs ?? Number.POSITIVE_INFINITY);
  }
}
