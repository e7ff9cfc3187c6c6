import type { ModelBudget } from './budget.js';
import type { Failure } from './failure.js';
import { type Entry, type Layer, type Leave, type Listener, NOTHING, type World } from './layer.js';
import { type End, ModelScope } from './scope.js';

export interface ModelRetryOptions {
  readonly maxAttempts: number;
  readonly delayMs: number;
  readonly judges: boolean;
  readonly maxRetryAfterMs: number;
  readonly maxDurationMs: number;
}

interface RetryParts extends World, ModelRetryOptions {
  readonly budget: ModelBudget | undefined;
  readonly next: Layer;
}

/** Another attempt after a failed one, in the order of R5. */
export function retryLayer(parts: RetryParts): Layer {
  return (entry, to) => new RetriedCall(parts, entry, to).begin();
}

class RetriedCall {
  private attempt = 0;
  private state: 'running' | 'waiting' | 'over' = 'running';
  private hasValue = false;
  private notStartedWith = '';
  private readonly startedMs: number;
  private leaveInside = NOTHING;
  private endAttempt: (end: End) => void = NOTHING;
  private stopWaiting = NOTHING;
  private stopWatching = NOTHING;

  constructor(
    private readonly parts: RetryParts,
    private readonly entry: Entry,
    private readonly to: Listener,
  ) {
    this.startedMs = parts.time.nowMs;
  }

  begin(): Leave {
    // A time limit around the retrying ends it, also where the attempt goes on.
    this.stopWatching = this.entry.scope.onEnd(({ reason, origin }) => {
      if (origin === 'limit' && this.state === 'running' && !this.hasValue) this.letGo({ reason, origin });
    });
    this.start();
    return () => this.leave();
  }

  private start(): void {
    this.attempt += 1;
    this.entry.call.isAnswered = false;
    this.state = 'running';
    const scope = new ModelScope(this.entry.scope);
    const attempt = new RetriedAttempt(this, this.entry.manner, scope);
    attempt.leaveInside = this.parts.next({ ...this.entry, scope }, attempt);
    this.leaveInside = () => attempt.leave();
    this.endAttempt = (end) => attempt.abandon(end);
  }

  /** A value of the running attempt; answers whether it is passed on. */
  value(text: string): boolean {
    if (!this.hasValue && this.parts.judges && text === 'bad' && this.isFollowed(undefined)) return false;
    this.hasValue = true;
    this.to.value(text);
    return true;
  }

  end(scope: ModelScope): void {
    this.succeed(scope);
    this.stopWatching();
    this.to.end();
  }

  fail(failure: Failure): void {
    if (this.isLeftUnopened) this.state = 'over';
    else if (this.hasValue) this.giveUp(this.endedReason() ?? 'not-retryable', failure.text);
    else if (this.isFollowed(failure)) return undefined;
    this.stopWatching();
    return this.to.fail(failure);
  }

  private letGo(end: End): void {
    this.endAttempt(end);
    this.fail(end.reason);
  }

  private leave(): void {
    this.stopWatching();
    if (this.state === 'waiting') this.notStarted('aborted');
    this.leaveInside();
    if (this.hasValue) this.succeed(this.entry.scope);
  }

  private succeed(scope: ModelScope): void {
    if (this.state !== 'running') return;
    this.state = 'over';
    const { budget, tell } = this.parts;
    if (this.attempt === 1 && !scope.isHedges) budget?.deposit();
    if (this.attempt === 1) return;
    budget?.giveBack();
    tell({ kind: 'retry.recovered', policy: 'retry', attempts: this.attempt, elapsedMs: this.elapsedMs });
  }

  /** Whether another attempt follows a failure, or the value 'bad'. */
  private isFollowed(failure: Failure | undefined): boolean {
    const error = failure?.text ?? 'bad';
    const waitMs = Math.max(this.parts.delayMs, failure?.retryAfterMs ?? 0);
    const reason = this.reasonAgainst(failure, waitMs);
    if (reason === undefined) this.wait(waitMs, error);
    else this.giveUp(reason, error);
    return reason === undefined;
  }

  private reasonAgainst(failure: Failure | undefined, waitMs: number): string | undefined {
    const { maxAttempts, maxRetryAfterMs } = this.parts;
    const ended = this.endedReason();
    if (ended !== undefined) return ended;
    if (failure?.isRetryable === false) return 'not-retryable';
    if (this.attempt >= maxAttempts) return 'exhausted';
    if ((failure?.retryAfterMs ?? 0) > maxRetryAfterMs) return 'retry-after';
    if (this.wouldBeLate(waitMs)) return 'deadline';
    return this.takesToken() ? undefined : 'budget';
  }

  private takesToken(): boolean {
    const { budget, tell } = this.parts;
    if (budget === undefined || budget.tryTake()) return true;
    tell({ kind: 'budget.refused', policy: 'retry', budget: 'default' });
    return false;
  }

  private wouldBeLate(waitMs: number): boolean {
    const { time, maxDurationMs } = this.parts;
    const nextMs = time.nowMs + waitMs;
    return nextMs - this.startedMs >= maxDurationMs || nextMs >= this.entry.scope.deadlineMs;
  }

  private wait(delayMs: number, error: string): void {
    const { tell, time } = this.parts;
    this.state = 'waiting';
    tell({ kind: 'retry.scheduled', policy: 'retry', attempt: this.attempt, delayMs, error });
    const stopTimer = time.after(delayMs, () => {
      this.stopWaiting();
      this.start();
    });
    const stopListening = this.entry.scope.onEnd(({ reason }) => {
      this.notStarted(this.endedReason() ?? 'aborted');
      this.to.fail(reason);
    });
    this.stopWaiting = () => {
      stopTimer();
      stopListening();
    };
    this.notStartedWith = error;
  }

  private notStarted(reason: string): void {
    this.stopWaiting();
    this.parts.budget?.giveBack();
    this.giveUp(reason, this.notStartedWith);
  }

  private giveUp(reason: string, error: string): void {
    if (this.state === 'over') return;
    this.state = 'over';
    const { attempt: attempts, elapsedMs } = this;
    this.parts.tell({ kind: 'retry.gave-up', policy: 'retry', attempts, reason, elapsedMs, error });
  }

  private endedReason(): string | undefined {
    const { ended } = this.entry.scope;
    if (ended === undefined) return undefined;
    return ended.origin === 'limit' ? 'deadline' : 'aborted';
  }

  /** An iteration whose consumer has gone before its first item: nothing is recorded of it. */
  private get isLeftUnopened(): boolean {
    const { manner, scope } = this.entry;
    return manner === 'iteration' && !this.hasValue && scope.ended?.origin === 'caller';
  }

  private get elapsedMs(): number {
    return this.parts.time.nowMs - this.startedMs;
  }
}

/** One attempt: it is listened to until it is decided about. */
class RetriedAttempt implements Listener {
  leaveInside = NOTHING;
  private isOpen = true;
  private isLeft = false;

  constructor(
    private readonly call: RetriedCall,
    private readonly manner: Entry['manner'],
    private readonly scope: ModelScope,
  ) {}

  value(text: string): void {
    if (this.isOpen && this.call.value(text)) return;
    this.isOpen = false;
    // A promise has ended with its value; the others are left.
    if (this.manner !== 'promise') this.leave();
  }

  end(): void {
    if (this.close()) this.call.end(this.scope);
  }

  fail(failure: Failure): void {
    if (this.close()) this.call.fail(failure);
  }

  /** Nobody waits for it any more; a promise goes on alone. */
  abandon(end: End): void {
    this.isOpen = false;
    this.scope.end(end);
    if (this.manner === 'stream') this.leave();
  }

  leave(): void {
    this.isOpen = false;
    if (this.isLeft) return;
    this.isLeft = true;
    this.leaveInside();
  }

  private close(): boolean {
    const wasOpen = this.isOpen;
    this.isOpen = false;
    return wasOpen;
  }
}
