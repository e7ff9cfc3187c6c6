import { rateLimited } from './failure.js';
import type { Answer, ModelGate, Tell } from './gate.js';
import type { ModelTime } from './time.js';

export interface ModelRateOptions {
  readonly type: 'smooth' | 'fixed' | 'rolling';
  readonly limit: number;
  readonly windowMs: number;
  readonly maxWaitMs: number;
}

/** The times of all starts, and a list of those who wait. */
export class ModelRateLimiter implements ModelGate {
  readonly returnsOnCancel = false;
  private readonly starts: number[] = [];
  private beganMs: number | undefined;
  private line: { readonly serve: () => void }[] = [];
  private stop: (() => void) | undefined;

  constructor(
    private readonly options: ModelRateOptions,
    private readonly time: ModelTime,
    private readonly tell: Tell,
  ) {}

  admit(onTurn: (answer: Answer) => void): Answer {
    const { nowMs } = this.time;
    this.beganMs ??= nowMs;
    const atMs = this.startOfNext(this.line.length);
    if (atMs === nowMs) {
      this.starts.push(nowMs);
      return { end: () => undefined };
    }
    if (atMs - nowMs > this.options.maxWaitMs) {
      const retryAfterMs = Math.ceil(atMs - nowMs);
      this.tell({ kind: 'rate-limiter.rejected', retryAfterMs });
      return { refused: rateLimited(retryAfterMs) };
    }
    const waiter = { serve: () => onTurn({ end: () => undefined }) };
    this.line.push(waiter);
    this.arm();
    const leave = (): void => {
      this.line = this.line.filter((each) => each !== waiter);
      this.arm();
    };
    return { leave };
  }

  snapshot(): unknown {
    return { available: this.available, queued: this.line.length };
  }

  /** How many could start now, were those who wait not before them. */
  private get available(): number {
    const { nowMs } = this.time;
    const planned = [...this.starts];
    while (planned.length - this.starts.length < this.options.limit && this.earliest(planned) === nowMs) {
      planned.push(nowMs);
    }
    return Math.max(0, planned.length - this.starts.length - this.line.length);
  }

  /** When somebody starts who stands behind so many others. */
  private startOfNext(ahead: number): number {
    const planned = [...this.starts];
    for (let index = 0; index < ahead; index += 1) planned.push(this.earliest(planned));
    return this.earliest(planned);
  }

  private earliest(starts: readonly number[]): number {
    const { type, limit, windowMs } = this.options;
    const fromMs = Math.max(this.time.nowMs, starts.at(-1) ?? 0);
    if (type === 'smooth') return Math.max(fromMs, (starts.at(-1) ?? -windowMs) + windowMs / limit);
    if (type === 'rolling') return Math.max(fromMs, (starts.at(-limit) ?? -windowMs) + windowMs);
    const beganMs = this.beganMs ?? 0;
    const windowOf = (atMs: number): number => Math.floor((atMs - beganMs) / windowMs);
    const window = windowOf(fromMs);
    const isFull = starts.filter((atMs) => windowOf(atMs) === window).length >= limit;
    return isFull ? beganMs + (window + 1) * windowMs : fromMs;
  }

  private arm(): void {
    this.stop?.();
    this.stop = undefined;
    if (this.line.length === 0) return;
    this.stop = this.time.after(this.startOfNext(0) - this.time.nowMs, () => this.serve());
  }

  private serve(): void {
    while (this.line.length > 0 && this.startOfNext(0) === this.time.nowMs) {
      this.starts.push(this.time.nowMs);
      this.line.shift()?.serve();
    }
    this.arm();
  }
}
