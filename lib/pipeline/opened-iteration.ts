import type { Scope } from '../core/scope.js';
import type { RetryRun } from '../policies/retry/index.js';
import type { HeldPermit } from './held-permit.js';
import type { ValueView } from './promise-layers.js';
import { ValueLog, valuesOf } from './value-log.js';

/** Runs a step of the iteration where the calls inside of it belong. */
type Inside = <T>(fn: () => T) => T;

const ANYWHERE: Inside = (fn) => fn();

/** An iteration that has shown its first item, or its end, and all who wait for its end. */
export class Opened {
  private readonly held: HeldPermit[] = [];
  private readonly logs: ValueLog[] = [];
  private readonly scopes: Scope[] = [];
  private retry: { readonly run: RetryRun; readonly attempt: Scope } | undefined;

  constructor(
    private readonly iterator: AsyncIterator<unknown>,
    readonly first: IteratorResult<unknown>,
    private readonly inside: Inside = ANYWHERE,
  ) {}

  /** What the rules take for the value of the call. */
  get judged(): unknown {
    return this.first.done === true ? undefined : this.first.value;
  }

  hold(held: HeldPermit): void {
    if (this.first.done !== true) held.delivered(this.first.value);
    this.held.push(held);
  }

  logTo(log: ValueLog): void {
    this.logs.push(log);
  }

  retriedBy(run: RetryRun, attempt: Scope): void {
    this.retry = { run, attempt };
  }

  /** A limit on the first item was kept; the signal of its scope lives as long as the iteration. */
  closeWith(scope: Scope): void {
    scope.lift();
    this.scopes.push(scope);
  }

  next(): Promise<IteratorResult<unknown>> {
    return this.inside(() => this.iterator.next());
  }

  /** Asks the source to end; what it rejects with is the caller's. */
  async close(): Promise<void> {
    await this.inside(() => this.iterator.return?.());
  }

  delivered(value: unknown): void {
    for (const log of this.logs) log.add(value);
  }

  /** It came to its end, or its consumer left after an item. */
  succeeded(isComplete: boolean): void {
    for (const held of this.held) held.completed();
    this.retry?.run.succeeded(this.retry.attempt);
    if (isComplete) for (const log of this.logs) log.complete();
  }

  failed(error: unknown): void {
    for (const held of this.held) held.failed(error);
    this.retry?.run.decideLateError(error, this.retry.attempt);
  }

  /** Lets go of the scopes that lived as long as the iteration. */
  release(): void {
    for (const scope of this.scopes) scope.close();
  }

  /** Nobody has waited for it, or another attempt takes its place: ends it without a word to anybody. */
  abandon(tell: (held: HeldPermit) => void): void {
    for (const held of this.held) tell(held);
    this.release();
    this.close().catch(() => undefined);
  }
}

/** Why the signal of an iteration aborts that its consumer has left. */
export class IterationLeft extends Error {
  override readonly name = 'AbortError';
}

/** Of methods that give an async iterable: gates wait for the end, retries look at the first item. */
export const ITERATIONS: ValueView = {
  judged: (value) => (value as Opened).judged,
  settle: (held, value) => (value as Opened).hold(held),
  setAside: (value) => {
    const opened = value as Opened;
    opened.abandon((held) => held.completed());
    return new Opened(each([]), opened.first);
  },
  lost: (value) => (value as Opened).abandon((held) => held.cancelled()),
  remember: (memory, scope, value) => {
    if (memory.remembers) (value as Opened).logTo(new ValueLog(memory, scope));
  },
  answered: (value) => openedFrom(value),
  isLeft: ({ isCancelled, cancellation }) => isCancelled && cancellation.reason instanceof IterationLeft,
  arrived: (run, attempt, value) => (value as Opened).retriedBy(run, attempt),
  close: (scope, value) => (value as Opened).closeWith(scope),
};

/** The iterator of what a method has given. */
export function iteratorOf(source: unknown): AsyncIterator<unknown> {
  const iterable = source as AsyncIterable<unknown>;
  return iterable[Symbol.asyncIterator]();
}

/** An answer in the method's place as an iteration: what it is, where it is one, otherwise its only item. */
export async function openedFrom(answer: unknown): Promise<Opened> {
  if (answer instanceof Opened) return answer;
  const iterator = isAsyncIterable(answer) ? iteratorOf(answer) : each(valuesOf(answer));
  return new Opened(iterator, await iterator.next());
}

function isAsyncIterable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

async function* each(values: readonly unknown[]): AsyncGenerator<unknown> {
  yield* values;
}
