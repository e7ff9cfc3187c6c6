import { AsyncLocalStorage } from 'node:async_hooks';
import type { Scope } from './scope.js';

/** A scope that the running code stands in, and those of other applications around it. */
interface Surrounding {
  readonly ambient: Ambient;
  readonly scope: Scope;
  /** The innermost of another application; what this application had around it, the scope itself knows. */
  readonly foreign: Surrounding | undefined;
}

/**
 * One for all applications of the process, since Node keeps for good what was used once, and every `await` would pay
 * for each. It holds nothing of them beyond their running calls, and costs nothing until the first limited call.
 */
const SURROUNDINGS = new AsyncLocalStorage<Surrounding>();

/**
 * The scope that the running code stands in, so that a decorated call inside another ends with it; each application
 * sees its own alone. Node pays for the storage with every `await`, hence it sleeps until a limited call needs it.
 */
export class Ambient {
  /** Whether no call has been limited yet: there is nothing to look for. */
  isQuiet = true;

  /**
   * The innermost limited scope around the running code, as long as its call runs: what a call has started and
   * left behind when it ended is bound by it no more.
   */
  get current(): Scope | undefined {
    if (this.isQuiet) return undefined;
    let surrounding = SURROUNDINGS.getStore();
    while (surrounding !== undefined && surrounding.ambient !== this) surrounding = surrounding.foreign;
    return surrounding?.scope.living;
  }

  /** Runs the function, and all that it starts, inside the scope. */
  run<T>(scope: Scope, fn: () => T): T {
    this.isQuiet = false;
    return SURROUNDINGS.run({ ambient: this, scope, foreign: this.foreign() }, fn);
  }

  /** Without those whose calls have ended: they would pile up where calls go on starting each other. */
  private foreign(): Surrounding | undefined {
    let around = SURROUNDINGS.getStore();
    while (around !== undefined && (around.ambient === this || around.scope.living === undefined)) {
      around = around.foreign;
    }
    return around;
  }
}
