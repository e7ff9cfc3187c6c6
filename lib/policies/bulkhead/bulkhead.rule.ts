import type { Call } from '../../core/call.js';
import type { Timer } from '../../core/clock.js';
import type { Environment } from '../../core/environment.js';
import { withoutStack } from '../../core/errors.js';
import { type Admission, type Gate, Refusal } from '../../core/rule.js';
import { type Waiter, WaitingLine } from '../../core/waiting-line.js';
import { BulkheadFullError } from './bulkhead.errors.js';
import type { ResolvedBulkheadOptions } from './bulkhead.options.js';

/** What a bulkhead is made of. */
export interface BulkheadParts {
  /** Its name in registry, errors and metrics. */
  readonly name: string;
  readonly options: ResolvedBulkheadOptions;
  readonly environment: Environment;
}

/** A bulkhead at one moment. */
export interface BulkheadSnapshot {
  /** Its name in registry, errors and metrics. */
  readonly name: string;
  /** Executions that run now. */
  readonly inUse: number;
  /** Calls that wait now. */
  readonly queued: number;
  /** The most executions at a time. */
  readonly maxConcurrentCalls: number;
  /** The most calls that may wait. */
  readonly maxQueueSize: number;
}

/** All permits are alike, so this one stands for each. */
const PERMIT = 0;

/**
 * Lets at most `maxConcurrentCalls` executions run at a time. A place is taken until the work has really
 * ended; who waits is served in the order of coming, and nobody overtakes.
 */
export class BulkheadRule implements Gate {
  /** Its name in registry, errors and metrics. */
  readonly name: string;
  readonly returnsOnCancel = false;
  readonly judgesValues = false;
  readonly environment: Environment;
  private readonly line = new WaitingLine();
  private settings: ResolvedBulkheadOptions;
  private inUse = 0;
  private isServing = false;

  constructor({ name, options, environment }: BulkheadParts) {
    this.name = name;
    this.settings = options;
    this.environment = environment;
  }

  /** The options it runs under now. */
  get options(): ResolvedBulkheadOptions {
    return this.settings;
  }

  admit(call: Call): Admission {
    if (this.inUse < this.settings.maxConcurrentCalls && this.line.length === 0) {
      this.inUse += 1;
      return PERMIT;
    }
    const { maxQueueSize, maxWaitDurationMs } = this.settings;
    if (this.line.length >= maxQueueSize || maxWaitDurationMs === 0) return this.refuse(call);
    return this.queue(call, maxWaitDurationMs);
  }

  succeeded(): void {
    this.release();
  }

  failed(): void {
    this.release();
  }

  cancelled(): void {
    this.release();
  }

  snapshot(): BulkheadSnapshot {
    const { name, inUse, line, options } = this;
    const { maxConcurrentCalls, maxQueueSize } = options;
    return { name, inUse, queued: line.length, maxConcurrentCalls, maxQueueSize };
  }

  /**
   * Changes the limits while calls run and wait: none of them is refused for it, and where there are more
   * places now, those who wait first get them at once.
   */
  reconfigure(options: ResolvedBulkheadOptions): void {
    this.settings = options;
    this.serve();
  }

  private release(): void {
    this.inUse -= 1;
    if (this.line.length > 0) this.serve();
  }

  /** In a loop, not one inside the other: a thousand waiters that fail at once must not fill the stack. */
  private serve(): void {
    if (this.isServing) return;
    this.isServing = true;
    try {
      while (this.line.length > 0 && this.inUse < this.settings.maxConcurrentCalls) {
        this.inUse += 1;
        this.line.serveFirst(PERMIT);
      }
    } finally {
      this.isServing = false;
    }
  }

  private queue(call: Call, maxWaitMs: number | undefined): Waiter {
    let timer: Timer | undefined;
    const waiter = this.line.join(() => timer?.cancel());
    if (maxWaitMs !== undefined) {
      const giveUp = (): void => waiter.settle(this.refuse(call, maxWaitMs));
      timer = this.environment.clock.schedule(maxWaitMs, giveUp);
    }
    return waiter;
  }

  private refuse(call: Call, waitedMs?: number): Refusal {
    const { events } = this.environment;
    const { operation } = call;
    const { name: policy } = this;
    const kind = 'bulkhead.rejected';
    if (events.isAwaited(kind)) events.emit({ kind, operation, policy });
    const { maxConcurrentCalls, maxQueueSize } = this.settings;
    // Written out: adding to a spread copy costs as much as the rest of a refusal.
    const facts = { operation, policy, maxConcurrentCalls, maxQueueSize };
    const full = waitedMs === undefined ? facts : { ...facts, waitedMs };
    return new Refusal(withoutStack(() => new BulkheadFullError(full)));
  }
}
