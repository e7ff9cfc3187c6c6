import type { Scope } from '../core/scope.js';
import { callersError } from '../policies/retry/index.js';
import type { CallRecord, Invocation } from './call-record.js';
import { type EnteredCall, enterCall } from './enter-call.js';
import { guardIteration } from './guard-iteration.js';
import { invoke, within } from './invoke.js';
import { ITERATIONS, IterationLeft, iteratorOf, Opened } from './opened-iteration.js';
import type { Pipeline } from './pipeline.js';
import type { PromiseNext } from './promise-layers.js';
import { composeLayers } from './run-promise.js';

/** An iteration under the rules of a pipeline: all that an async generator has. */
export interface GuardedIteration extends AsyncIterableIterator<unknown> {
  return(value?: unknown): Promise<IteratorResult<unknown>>;
  throw(error: unknown): Promise<IteratorResult<unknown>>;
}

/** Calls of one method as iterations; the call may use an answer that the method has given already. */
export type IterationCall = (self: unknown, args: readonly unknown[], first?: Invocation) => GuardedIteration;

/** The async-iterable shell of one pipeline: nothing runs before the first `next()`. */
export function composeAsyncIterable(pipeline: Pipeline): IterationCall {
  const view = { ...ITERATIONS, guard: guardIteration };
  const layers = composeLayers(pipeline.steps, pipeline.environment, opening(pipeline), view);
  return (self, args, first) => {
    const firstAttempt = first && { admissions: [], invocation: first };
    return new Iteration(pipeline, layers, () => pipeline.record(self, args, {}, firstAttempt));
  };
}

function opening({ target, environment }: Pipeline): PromiseNext {
  return async (scope, record) => {
    const inside = <T>(fn: () => T): T => within(environment, scope, fn);
    const iterator = iteratorOf(await invoke(target, environment, scope, record));
    return new Opened(iterator, await firstOf(iterator, scope, inside), inside);
  };
}

/** The first item, or the reason why nobody waits for it: then the source is asked to end, and that is waited for. */
function firstOf(
  iterator: AsyncIterator<unknown>,
  scope: Scope,
  inside: <T>(fn: () => T) => T,
): Promise<IteratorResult<unknown>> {
  return new Promise((resolve, reject) => {
    const close = async (): Promise<unknown> => inside(() => iterator.return?.());
    let isLeft = false;
    const stopWatching = scope.cancellation.onCancel((reason, origin) => {
      if (origin !== 'limit' && !(reason instanceof IterationLeft)) return;
      isLeft = true;
      const end = (): void => reject(reason);
      void close().then(end, end);
    });
    const item = async (): Promise<IteratorResult<unknown>> => inside(() => iterator.next());
    const arrived = (result: IteratorResult<unknown>): void => {
      if (!isLeft) resolve(result);
    };
    void item().then(arrived, reject).then(stopWatching);
  });
}

/** One iteration: however it ends, everybody learns of it once. */
class Iteration implements GuardedIteration {
  private isOver = false;
  private call: EnteredCall | undefined;
  private record: CallRecord | undefined;
  private opened: Opened | undefined;
  private lastStep: Promise<unknown> = Promise.resolve();
  private stopWaiting: (() => void) | undefined;

  constructor(
    private readonly pipeline: Pipeline,
    private readonly layers: PromiseNext,
    private readonly begin: () => CallRecord,
  ) {}

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Those who ask for several items at once get them in order. */
  next(): Promise<IteratorResult<unknown>> {
    const step = this.lastStep.then(() => this.step());
    this.lastStep = step.catch(() => undefined);
    return step;
  }

  async return(value?: unknown): Promise<IteratorResult<unknown>> {
    const { call, opened } = this;
    if (!this.isOver) {
      this.isOver = true;
      if (opened !== undefined) await this.leave(opened);
      else call?.scope.cancellation.cancel(new IterationLeft('the iteration was left'), 'caller');
      this.stopWaiting?.();
    }
    return { done: true, value: await value };
  }

  async throw(error: unknown): Promise<IteratorResult<unknown>> {
    await this.return();
    throw error;
  }

  private async step(): Promise<IteratorResult<unknown>> {
    if (this.isOver) return { done: true, value: undefined };
    const result = await (this.opened === undefined ? this.open() : this.follow(this.opened));
    if (this.opened === undefined) return result;
    if (result.done !== true) this.opened.delivered(result.value);
    else if (!this.isOver) this.end(this.opened, () => this.opened?.succeeded(true));
    return result;
  }

  private async open(): Promise<IteratorResult<unknown>> {
    const record = (this.record = this.begin());
    const call = (this.call = this.enter(record));
    const left = new Promise<undefined>((resolve) => {
      this.stopWaiting = () => resolve(undefined);
    });
    const opening = this.layers(call.scope, record) as Promise<Opened>;
    const ended = (): void => call.leave();
    try {
      const opened = await Promise.race([opening, left]);
      if (opened !== undefined && !this.isOver) return (this.opened = opened).first;
    } catch (error) {
      call.leave();
      if (this.isOver) return { done: true, value: undefined };
      this.isOver = true;
      this.pipeline.calls.failed(record, error);
      throw error;
    }
    void opening.then((late) => late.abandon((held) => held.cancelled())).then(ended, ended);
    return { done: true, value: undefined };
  }

  /** @throws what stands against the call from outside; it has ended with that */
  private enter(record: CallRecord): EnteredCall {
    try {
      return enterCall(record, this.pipeline.environment);
    } catch (error) {
      this.pipeline.calls.failed(record, error);
      throw error;
    }
  }

  private tellWatch(failure?: { readonly error: unknown }): void {
    const { record, pipeline } = this;
    if (record === undefined) return;
    if (failure === undefined) pipeline.calls.succeeded(record);
    else pipeline.calls.failed(record, failure.error);
  }

  private async follow(opened: Opened): Promise<IteratorResult<unknown>> {
    try {
      return await opened.next();
    } catch (failure) {
      const error = callersError(failure);
      if (!this.isOver) this.end(opened, () => opened.failed(failure), { error });
      throw error;
    }
  }

  /** The consumer goes after an item: that is a success, and the source is asked to end. */
  private async leave(opened: Opened): Promise<void> {
    opened.succeeded(false);
    this.tellWatch();
    const closing = opened.close();
    this.call?.scope.cancellation.cancel(new IterationLeft('the iteration was left'), 'caller');
    try {
      await closing;
    } finally {
      opened.release();
      this.call?.leave();
    }
  }

  private end(opened: Opened, tell: () => void, failure?: { readonly error: unknown }): void {
    this.isOver = true;
    tell();
    this.tellWatch(failure);
    opened.release();
    this.call?.leave();
  }
}
