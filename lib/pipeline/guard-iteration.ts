import type { Scope } from '../core/scope.js';
import { callersError } from '../policies/retry/index.js';
import type { IdempotentMethod } from './idempotent-layer.js';
import { Sequence } from './idempotent-sequence.js';
import type { StreamFlow } from './idempotent-stream.js';
import type { StreamLog } from './idempotent-stream-log.js';
import { Opened, openedFrom } from './opened-iteration.js';
import type { PromiseNext } from './promise-layers.js';

/** Guards a method that gives an async iterable: its items are given when they are recorded, or cannot be. */
export function guardIteration(rule: IdempotentMethod, next: PromiseNext): PromiseNext {
  const layer = rule.streamLayer(new IterationFlow(next));
  return async (caller, record) => {
    const answer = await layer(caller, record);
    if (!(answer instanceof Sequence)) return openedFrom(answer);
    const iterator = new Delivery(answer);
    return new Opened(iterator, await iterator.next());
  };
}

class IterationFlow implements StreamFlow<Opened> {
  /** What stands inside gives iterations: the shell has put it together so. */
  readonly open: (...given: Parameters<PromiseNext>) => Promise<Opened>;
  readonly of = openedFrom;

  constructor(next: PromiseNext) {
    this.open = next as typeof this.open;
  }

  async collect(opened: Opened, log: StreamLog, scope?: Scope): Promise<Sequence<Opened>> {
    const ended = new Promise<never>((_, reject) => scope?.cancellation.onCancel(reject));
    // Heard by the race of each item; where there is none any more, nobody needs to hear it.
    ended.catch(() => undefined);
    try {
      for (let item = opened.first; item.done !== true; item = await Promise.race([opened.next(), ended])) {
        opened.delivered(item.value);
        log.add(item.value);
        if (log.isOver) return new Sequence(log.items, { kind: 'live', rest: opened }, log);
      }
    } catch (failure) {
      if (scope?.isCancelled === true && failure === scope.cancellation.reason) {
        this.abandon(opened);
        throw failure;
      }
      opened.failed(failure);
      opened.release();
      const error = callersError(failure);
      log.endWith(error);
      throw error;
    }
    opened.succeeded(true);
    opened.release();
    return new Sequence(log.items, { kind: 'complete' }, log);
  }

  abandon(opened: Opened): void {
    opened.abandon((held) => held.cancelled());
  }
}

/** Gives what a sequence holds, and then what still comes; nothing of it is asked for before its turn. */
class Delivery implements AsyncIterator<unknown> {
  private at = 0;
  private isOver = false;

  constructor(private readonly sequence: Sequence<unknown>) {}

  async next(): Promise<IteratorResult<unknown>> {
    const { items, end } = this.sequence;
    if (!this.isOver && this.at < items.length) return { done: false, value: items[this.at++] };
    if (!this.isOver && end.kind === 'live' && end.rest instanceof Opened) return this.follow(end.rest);
    if (this.isOver || end.kind !== 'error') return { done: true, value: undefined };
    this.isOver = true;
    throw end.error;
  }

  async return(): Promise<IteratorResult<unknown>> {
    const { end } = this.sequence;
    if (!this.isOver && end.kind === 'live' && end.rest instanceof Opened) {
      this.isOver = true;
      end.rest.succeeded(false);
      await end.rest.close();
      end.rest.release();
    }
    this.isOver = true;
    return { done: true, value: undefined };
  }

  private async follow(rest: Opened): Promise<IteratorResult<unknown>> {
    try {
      const item = await rest.next();
      if (item.done !== true) rest.delivered(item.value);
      else if (!this.isOver) this.ended(rest, () => rest.succeeded(true));
      return item;
    } catch (failure) {
      if (!this.isOver) this.ended(rest, () => rest.failed(failure));
      throw callersError(failure);
    }
  }

  private ended(rest: Opened, tell: () => void): void {
    this.isOver = true;
    tell();
    rest.release();
  }
}
