import { AsyncResource } from 'node:async_hooks';
import type { LaneEntry } from '../core/lane.js';
import { FusedCall } from './fused-call.js';

type Settle = (value: unknown) => void;

/** Nobody has to be told when the resource is gone: it is told by hand, which spares Node a look-out. */
const DESTROYED_BY_HAND = { requireManualDestroy: true } as const;

/**
 * A first attempt that races against a time limit. Two promises for the race, that of the caller and that of the
 * reaction to the work: each one more costs a third of a bare call where an async context is tracked.
 */
export class FusedLimitedCall extends FusedCall implements LaneEntry {
  laneDueMs = 0;
  lanePrevious: LaneEntry | undefined;
  laneNext: LaneEntry | undefined;
  /** The caller's async context, in which all that follows from a passed limit has to run. */
  private context: AsyncResource | undefined;
  private running: Promise<unknown> | undefined;
  private resolve: Settle = ignore;
  // A fused call never throws, so there is nothing to reject with: a failure is handed over, as a promise.
  private readonly capture = (resolve: Settle): void => {
    this.resolve = resolve;
  };
  private readonly onWorkValue = (value: unknown): void => {
    if (this.isReusable) this.letGo()(this.settled(value));
  };
  private readonly onWorkError = (error: unknown): void => {
    if (this.isReusable) this.letGo()(this.failed(error));
  };
  private readonly callInside = (): unknown => super.callMethod();

  override start(self: unknown, args: readonly unknown[]): Promise<unknown> {
    return this.startStepwise(self, args);
  }

  override enterGates(
    self: unknown,
    args: readonly unknown[],
    learns?: boolean,
  ): Promise<unknown> | undefined {
    const stopped = super.enterGates(self, args, learns);
    if (stopped !== undefined) return stopped;
    const { lane, limit } = this.way;
    lane?.enter(this);
    this.startedMs = this.laneDueMs - (limit?.timeoutMs ?? 0);
    return undefined;
  }

  override callMethod(): unknown {
    const { ambient } = this.way.pipeline.environment;
    return ambient.run(this.scope ?? this.makeScope(), this.callInside);
  }

  override follow(work: Promise<unknown>): Promise<unknown> {
    this.running = work;
    this.context = new AsyncResource('nestjs-selfheal.call', DESTROYED_BY_HAND);
    const outcome = new Promise<unknown>(this.capture);
    void work.then(this.onWorkValue, this.onWorkError);
    return outcome;
  }

  override failed(error: unknown): unknown {
    this.way.lane?.leave(this);
    return super.failed(error);
  }

  override withdraw(): void {
    this.way.lane?.leave(this);
    super.withdraw();
  }

  /** The limit has passed. The object serves no other call: the reaction to its work is still to come. */
  timeUp(): void {
    this.isReusable = false;
    const { context, running } = this;
    context?.runInAsyncScope(() => this.letGo()(this.handOverWork(running, false)));
  }

  protected override deadlineMs(): number {
    return this.laneDueMs;
  }

  protected override settled(value: unknown): unknown {
    this.way.lane?.leave(this);
    return super.settled(value);
  }

  /** How to answer the caller; taken before the call is concluded, since then the object may serve another. */
  private letGo(): Settle {
    const { resolve, context } = this;
    this.resolve = ignore;
    this.running = undefined;
    this.context = undefined;
    context?.emitDestroy();
    return resolve;
  }
}

function ignore(): void {
  // Nobody waits.
}
