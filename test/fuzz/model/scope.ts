import type { Failure } from './failure.js';

export type Origin = 'caller' | 'limit' | 'loser';

/** How a part of a call was ended from outside. */
export interface End {
  readonly reason: Failure;
  readonly origin: Origin;
}

/** A part of a call that can be ended from outside, and ends what is inside of it. */
export class ModelScope {
  ended: End | undefined;
  /** Whether what it came to is the work of a hedge. */
  isHedges = false;
  private readonly listeners = new Set<(end: End) => void>();

  constructor(
    private readonly parent?: ModelScope,
    private ownDeadlineMs = Number.POSITIVE_INFINITY,
  ) {
    parent?.onEnd((end) => this.end(end));
  }

  get deadlineMs(): number {
    return Math.min(this.ownDeadlineMs, this.parent?.deadlineMs ?? Number.POSITIVE_INFINITY);
  }

  /** Its limit was kept: the rest is not bound by it. */
  lift(): void {
    this.ownDeadlineMs = Number.POSITIVE_INFINITY;
  }

  onEnd(listener: (end: End) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  end(end: End): void {
    if (this.ended !== undefined) return;
    this.ended = end;
    for (const listener of this.listeners) listener(end);
    this.listeners.clear();
  }

  hedgeWon(): void {
    this.isHedges = true;
    this.parent?.hedgeWon();
  }
}
