import { AsyncContext } from '../core/async-context.js';
import { PassingMap } from '../core/passing-map.js';
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
const LEFT: Begun = { kind: 'left' };

/** What all calls of one key in this process say to the store together: one begin, one complete. */
export class Conversation {
  /** What its begin came to, once that is known. */
  private begunAs: Begun | undefined;
  private endedAs: Ending | undefined;
  // Most conversations have nobody else who listens.
  private begunLater: Deferred<Begun> | undefined;
  private endedLater: Deferred<Ending> | undefined;

  constructor(
    private readonly all: Conversations,
    private readonly storedKey: string,
    private readonly fingerprint: string,
  ) {}

  /** What its begin comes to. */
  get begun(): Promise<Begun> {
    if (this.begunAs !== undefined) return Promise.resolve(this.begunAs);
    return (this.begunLater ??= new Deferred()).promise;
  }

  /** How it ends. */
  get ending(): Promise<Ending> {
    if (this.endedAs !== undefined) return Promise.resolve(this.endedAs);
    return (this.endedLater ??= new Deferred()).promise;
  }

  /** How it has ended, if it has. */
  get ended(): Ending | undefined {
    return this.endedAs;
  }

  /** Whether a call of this payload may share the answer. */
  compares(fingerprint: string): 'same' | 'other' | 'not-comparable' {
    return compareFingerprints(this.fingerprint, fingerprint);
  }

  /** Tells what the begin came to; later calls change nothing. */
  begin(begun: Begun): void {
    if (this.begunAs !== undefined) return;
    this.begunAs = begun;
    this.begunLater?.resolve(begun);
  }

  /** Whoever waits is given this; those who come later are too, until the conversation is over. */
  end(ending: Ending): void {
    this.begin(LEFT);
    if (this.endedAs !== undefined) return;
    this.endedAs = ending;
    this.endedLater?.resolve(ending);
  }

  /** Who comes now begins anew. */
  over(): void {
    this.end(AGAIN);
    this.all.forget(this.storedKey, this);
  }
}

/** The conversations of one application, by stored key. */
export class Conversations {
  private readonly open = new PassingMap<Conversation>();

  find(storedKey: string): Conversation | undefined {
    return this.open.get(storedKey);
  }

  /** Opened in the same turn in which none was found, so that one call leads it. */
  begin(storedKey: string, fingerprint: string): Conversation {
    const conversation = new Conversation(this, storedKey, fingerprint);
    this.open.set(storedKey, conversation);
    return conversation;
  }

  /** Who comes now does not find it; without effect where another has its place. */
  forget(storedKey: string, conversation: Conversation): void {
    if (this.open.get(storedKey) === conversation) this.open.delete(storedKey);
  }
}

/** A run that the code of an async context stands in. */
export interface RunningKey {
  readonly storedKey: string;
  /** Whether its work has ended: what goes on of it may call the key again. */
  isSettled: boolean;
}

/** Knows whether a call is made from within a run with the same key. It sleeps until the first run. */
export class RunningKeys {
  private readonly runs = new AsyncContext<RunningKey>({
    isOver: ({ isSettled }) => isSettled,
    hides: false,
  });

  isInside(storedKey: string): boolean {
    if (this.runs.isQuiet) return false;
    return this.runs.find((run) => run.storedKey === storedKey && !run.isSettled) !== undefined;
  }

  /** A run of the key, inside those that stand around the code. */
  begin(storedKey: string): RunningKey {
    return { storedKey, isSettled: false };
  }

  /** Calls the function, and all that it starts, inside a run. */
  inside<T, A>(run: RunningKey, fn: (given: A) => T, given: A): T {
    return this.runs.runWith(run, fn, given);
  }
}
