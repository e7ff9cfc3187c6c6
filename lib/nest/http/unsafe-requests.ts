import { AsyncContext } from '../../core/async-context.js';

/**
 * Knows which route handlers are answering a request that must not be repeated. Costs nothing until the first
 * such request: Node pays for an async context only once one was entered.
 */
export class UnsafeRequests {
  private readonly handlers = new AsyncContext<ReadonlySet<object>>({ isOver: () => false, hides: true });

  /** Runs what answers an unsafe request; `handlers` hold whatever `isUnsafeNow` will be asked with. */
  answer<T>(handlers: ReadonlySet<object>, run: () => T): T {
    return this.handlers.run(handlers, run);
  }

  /** Whether the running code is part of this handler's answer to an unsafe request; calls it makes are not. */
  isUnsafeNow(handler: object): boolean {
    return this.handlers.innermost?.has(handler) === true;
  }
}
