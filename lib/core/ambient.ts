import { AsyncContext } from './async-context.js';
import type { Scope } from './scope.js';

/**
 * The scope that the running code stands in, so that a decorated call inside another ends with it; each application
 * sees its own alone. Node pays for it with every `await`, hence it sleeps until a limited call needs it.
 */
export class Ambient {
  private readonly scopes = new AsyncContext<Scope>({
    isOver: ({ living }) => living === undefined,
    // What its application has around it, the scope itself knows.
    hides: true,
  });

  /** Whether no call has been limited yet: there is nothing to look for. A field, since every call asks. */
  isQuiet = true;

  /**
   * The innermost limited scope around the running code, as long as its call runs: what a call has started and
   * left behind when it ended is bound by it no more.
   */
  get current(): Scope | undefined {
    return this.scopes.innermost?.living;
  }

  /** Runs the function, and all that it starts, inside the scope. */
  run<T>(scope: Scope, fn: () => T): T {
    this.isQuiet = false;
    return this.scopes.run(scope, fn);
  }
}
