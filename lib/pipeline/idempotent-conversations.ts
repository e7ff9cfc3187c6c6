import { AsyncLocalStorage } from 'node:async_hooks';
import { compareFingerprints, type StoredOutcome } from '../policies/idempotency/index.js';
import { Deferred } from './idempotent-waiting.js';

/** What the begin of a conversation came to. */
export type Begun =
  | { readonly kind: 'owned'; readonly leaseMs: number }
  | { readonly kind: 'busy'; readonly leaseLeftMs: number }
  | { readonly kind: 'completed'; readonly outcome: StoredOutcome; readonly compared: boolean }
  | { readonly kind: 'mismatch'; readonly state: 'completed' | 'in-progress' }
  | { readonly kind: 'store-down'; readonly cause: unknown }
  | { readonly kind: 'left' };

/** How a conversation ended: with an outcome for everybody, or so that whoever waits begins again. */
export type Ending =
  | { readonly kind: 'recorded'; readonly outcome: StoredOutcome; readonly compared: boolean }
  | { readonly kind: 'again' };

const AGAIN: Ending = { kind: 'again' };

/** What all calls of one key in this process say to the store together: one begin, one complete. */
export class Conversation {
  readonly begun = new Deferred<Begun>();
  readonly ending = new Deferred<Ending>();

  constructor(
    private readonly fingerprint: string,
    private readonly forget: () => void,
  ) {}

  /** Whether a call of this payload may share the answer. */
  compares(fingerprint: string): 'same' | 'other' | 'not-comparable' {
    return compareFingerprints(this.fingerprint, fingerprint);
  }

  /** Whoever waits is given this; those who come later are too, until the conversation is over. */
  end(ending: Ending): void {
    this.begun.resolve({ kind: 'left' });
    this.ending.resolve(ending);
  }

  /** Who comes now begins anew. */
  over(): void {
    this.end(AGAIN);
    this.forget();
  }
}

/** The conversations of one application, by stored key. */
export class Conversations {
  private readonly open = new Map<string, Conversation>();

  find(storedKey: string): Conversation | undefined {
    return this.open.get(storedKey);
  }

  /** Opened in the same turn in which none was found, so that one call leads it. */
  begin(storedKey: string, fingerprint: string): Conversation {
    const conversation: Conversation = new Conversation(fingerprint, () => {
      if (this.open.get(storedKey) === conversation) this.open.delete(storedKey);
    });
    this.open.set(storedKey, conversation);
    return conversation;
  }
}

/** A run that the code of an async context stands in. */
interface Run {
  readonly storedKey: string;
  readonly around: Run | undefined;
  isSettled: boolean;
}

/** Knows whether a call is made from within a run with the same key. It sleeps until the first run. */
export class RunningKeys {
  private storage: AsyncLocalStorage<Run> | undefined;

  isInside(storedKey: string): boolean {
    for (let run = this.storage?.getStore(); run !== undefined; run = run.around) {
      if (run.storedKey === storedKey && !run.isSettled) return true;
    }
    return false;
  }

  /** Runs the function, and all that it starts, inside a run of the key; answers how to say that it has settled. */
  run<T>(storedKey: string, fn: () => T): { readonly result: T; readonly settled: () => void } {
    this.storage ??= new AsyncLocalStorage();
    const run: Run = { storedKey, around: this.storage.getStore(), isSettled: false };
    const result = this.storage.run(run, fn);
    return {
      result,
      settled: () => {
        run.isSettled = true;
      },
    };
  }
}
