import type { HeldPermit } from './held-permit.js';
import type { CallRecord, Invocation } from './call-record.js';
import { enterCall } from './enter-call.js';
import { invoke } from './invoke.js';
import type { Pipeline } from './pipeline.js';
import type { PromiseNext, ValueView } from './promise-layers.js';
import { composeLayers } from './run-promise.js';
import { ValueLog, valuesOf } from './value-log.js';

/** An iteration that has shown its first item, or its end. */
class Opened {
  private readonly held: HeldPermit[] = [];
  private readonly logs: ValueLog[] = [];

  constructor(
    readonly iterator: AsyncIterator<unknown>,
    readonly first: IteratorResult<unknown>,
  ) {}

  /** Permits of the gates around the iteration; they come back when it ends. */
  hold(held: HeldPermit): void {
    this.held.push(held);
  }

  logTo(log: ValueLog): void {
    this.logs.push(log);
  }

  delivered(value: unknown): void {
    for (const log of this.logs) log.add(value);
  }

  completed(): void {
    for (const log of this.logs) log.complete();
    this.settle((held) => held.succeeded(this.first.done === true ? undefined : this.first.value));
  }

  /** Another attempt takes the place of this one. */
  abandon(): void {
    this.settle((held) => held.cancelled());
    void this.close();
  }

  settle(how: (held: HeldPermit) => void): void {
    for (const held of this.held) how(held);
  }

  async close(): Promise<void> {
    await this.iterator.return?.();
  }
}

/** Of methods that give an async iterable: gates wait for the end, retries look at the first item. */
const ITERATIONS: ValueView = {
  judged: (value) => (value instanceof Opened && value.first.done !== true ? value.first.value : undefined),
  settle: (held, value) => {
    if (value instanceof Opened) value.hold(held);
  },
  discard: (value) => {
    if (value instanceof Opened) value.abandon();
  },
  remember: (rule, scope, value) => {
    if (rule.remembers && value instanceof Opened) value.logTo(new ValueLog(rule, scope.args));
  },
  answered: (value) => openedFrom(value),
};

function iteratorOf(source: unknown): AsyncIterator<unknown> {
  const iterable = source as AsyncIterable<unknown>;
  return iterable[Symbol.asyncIterator]();
}

function isAsyncIterable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

/** A fallback's answer as an iteration: what it is, where it is one, otherwise its only item. */
async function openedFrom(answer: unknown): Promise<Opened> {
  const iterator = isAsyncIterable(answer) ? iteratorOf(answer) : each(valuesOf(answer));
  return new Opened(iterator, await iterator.next());
}

async function* each(values: readonly unknown[]): AsyncGenerator<unknown> {
  yield* values;
}

function opening(pipeline: Pipeline): PromiseNext {
  return async (scope, record) => {
    const iterator = iteratorOf(await invoke(pipeline.target, pipeline.environment, scope, record));
    const first = await iterator.next();
    if (!scope.isCancelled) return new Opened(iterator, first);
    await iterator.return?.();
    throw scope.cancellation.reason;
  };
}

/** Calls of one method as iterations; the call may use an answer that the method has given already. */
export type IterationCall = (self: unknown, args: readonly unknown[], first?: Invocation) => AsyncGenerator;

/** The async-iterable shell of one pipeline: nothing runs before the first `next()`. */
export function composeAsyncIterable(pipeline: Pipeline): IterationCall {
  const layers = composeLayers(pipeline.steps, pipeline.environment, opening(pipeline), ITERATIONS);
  return (self, args, first) => {
    const firstAttempt = first && { admissions: [], invocation: first };
    return iterate(pipeline, layers, () => pipeline.record(self, args, {}, firstAttempt));
  };
}

async function* iterate(
  pipeline: Pipeline,
  layers: PromiseNext,
  record: () => CallRecord,
): AsyncGenerator<unknown> {
  const call = record();
  const entered = enterCall(call, pipeline.environment);
  try {
    const opened = (await layers(entered.scope, call)) as Opened;
    return yield* deliver(opened);
  } finally {
    entered.leave();
  }
}

/** Passes the items on; however the iteration ends, the gates learn of it once. */
async function* deliver(opened: Opened): AsyncGenerator<unknown> {
  let result = opened.first;
  let hasEnded = result.done === true;
  try {
    while (result.done !== true) {
      opened.delivered(result.value);
      yield result.value;
      result = await opened.iterator.next().catch((error: unknown) => {
        hasEnded = true;
        opened.settle((held) => held.failed(error));
        throw error;
      });
    }
    hasEnded = true;
    opened.completed();
    return result.value;
  } finally {
    if (!hasEnded) {
      opened.settle((held) => held.succeeded(opened.first.value));
      await opened.close();
    }
  }
}
