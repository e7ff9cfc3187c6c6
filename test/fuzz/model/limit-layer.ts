import { type Failure, timedOut } from './failure.js';
import { type Entry, type Layer, type Leave, type Listener, NOTHING, type World } from './layer.js';
import { type Origin, ModelScope } from './scope.js';

interface LimitParts extends World {
  readonly limit: 'attempt' | 'total';
  readonly timeoutMs: number;
  readonly next: Layer;
}

/** A time limit, of an attempt or of all. */
export function limitLayer(parts: LimitParts): Layer {
  return (entry, to) => new LimitedCall(parts, entry, to).begin();
}

/** What must have its first value, or its end, in time. */
class LimitedCall implements Listener {
  private isOver = false;
  private readonly inner: ModelScope;
  private stopTimer = NOTHING;
  private stopWatching = NOTHING;
  private leaveInside = NOTHING;

  constructor(
    private readonly parts: LimitParts,
    private readonly entry: Entry,
    private readonly to: Listener,
  ) {
    // Before what is inside hears of it: that may answer with a failure of its own.
    this.stopWatching = entry.scope.onEnd(({ reason, origin }) => this.letGo(reason, origin));
    this.inner = new ModelScope(entry.scope, parts.time.nowMs + parts.timeoutMs);
  }

  begin(): Leave {
    const { time, timeoutMs, next } = this.parts;
    this.stopTimer = time.limitAfter(timeoutMs, () => this.pass());
    this.leaveInside = next({ ...this.entry, scope: this.inner }, this);
    return () => {
      this.close();
      this.leaveInside();
    };
  }

  value(text: string): void {
    if (this.isOver) return this.leaveLate();
    this.stopTimer();
    this.stopWatching();
    this.inner.lift();
    return this.to.value(text);
  }

  end(): void {
    if (this.close()) this.to.end();
  }

  fail(failure: Failure): void {
    if (this.close()) this.to.fail(failure);
  }

  private pass(): void {
    const { tell, limit, timeoutMs } = this.parts;
    tell({ kind: 'time-limiter.timed-out', policy: 'timeLimiter', limit, timeoutMs });
    this.letGo(timedOut(timeoutMs), 'limit');
  }

  /** Who waits hears of it at once, whatever becomes of the work; a stream's work ends with that. */
  private letGo(reason: Failure, origin: Origin): void {
    this.close();
    this.inner.end({ reason, origin });
    if (this.entry.manner === 'stream') this.leaveInside();
    this.to.fail(reason);
  }

  /** An iteration that opens when nobody waits any more is asked to end. */
  private leaveLate(): void {
    if (this.entry.manner === 'iteration') this.leaveInside();
  }

  /** Answers whether it was open. */
  private close(): boolean {
    const wasOpen = !this.isOver;
    this.isOver = true;
    this.stopTimer();
    this.stopWatching();
    return wasOpen;
  }
}
