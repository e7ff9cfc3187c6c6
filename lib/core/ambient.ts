import { AsyncLocalStorage } from 'node:async_hooks';
import type { Scope } from './scope.js';

/**
 * The scope that the running code stands in, so that a decorated call inside another ends with it. Node pays
 * for such a storage with every `await` of the process, hence it sleeps until the first limited call needs it.
 */
export class Ambient {
  private storage: AsyncLocalStorage<Scope> | undefined;

  /**
   * The innermost limited scope around the running code, as long as its call runs: what a call has started and
   * left behind when it ended is bound by it no more.
   */
  get current(): Scope | undefined {
    return this.storage?.getStore()?.living;
  }

  /** Runs the function, and all that it starts, inside the scope. */
  run<T>(scope: Scope, fn: () => T): T {
    this.storage ??= new AsyncLocalStorage();
    return this.storage.run(scope, fn);
  }
}
