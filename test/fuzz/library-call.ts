import { Observable, type Subscriber } from 'rxjs';
import type { CallContext } from '../../lib/core/call.js';
import { composeAsyncIterable, type Pipeline } from '../../lib/pipeline/index.js';
import { composeObservable } from '../../lib/rxjs/index.js';
import type { ManualClock } from '../../lib/testing/manual-clock.js';
import { hang } from '../support/pipeline-world.js';
import type { CallReport } from './model/report.js';
import type { Execution, ScriptedCall } from './script.js';

/** What the executions of a call are made of. */
export interface LibraryCallParts {
  readonly pipeline: Pipeline;
  readonly clock: ManualClock;
  readonly act: ScriptedCall;
  /** What the caller's signal aborts with. */
  readonly reason: unknown;
  /** What this execution does, and the error that it fails with should it fail. */
  execution(number: number): { readonly how: Execution; readonly name: string; readonly error: unknown };
  nameOf(error: unknown): string;
}

/** One call of a script, made as a user would make it. */
export class LibraryCall {
  private readonly runsAt: number[] = [];
  private readonly values: string[] = [];
  private outcome: string | undefined;
  private endedMs: number | undefined;
  private isLeft = false;

  constructor(private readonly parts: LibraryCallParts) {}

  get report(): CallReport {
    const { runsAt, values, outcome, endedMs } = this;
    return { runsAt, values, ...(outcome !== undefined && endedMs !== undefined && { outcome, endedMs }) };
  }

  start(): void {
    const { act } = this.parts;
    if (act.what === 'stream') this.subscribe();
    else if (act.what === 'iteration') this.iterate();
    else this.call(act.what === 'signal');
  }

  private call(hasSignal: boolean): void {
    const { pipeline, reason } = this.parts;
    const method = (call: CallContext): Promise<unknown> => this.promised(call);
    const controller = new AbortController();
    const promise = hasSignal
      ? pipeline.run(method, [], { signal: controller.signal })
      : pipeline.call(method, []);
    const arrived = (value: unknown): void => {
      this.values.push(String(value));
      this.end('end');
    };
    promise.then(arrived, (error: unknown) => this.fail(error));
    if (hasSignal) this.leaveWith(() => controller.abort(reason));
  }

  private subscribe(): void {
    const method = (call: CallContext): Observable<unknown> => this.streamed(call);
    const subscription = composeObservable(this.parts.pipeline)(method, []).subscribe({
      next: (value) => this.values.push(String(value)),
      error: (error: unknown) => this.fail(error),
      complete: () => this.end('end'),
    });
    this.leaveWith(() => {
      this.isLeft = true;
      subscription.unsubscribe();
    });
  }

  private iterate(): void {
    const method = (call: CallContext): AsyncGenerator<unknown> => this.iterated(call);
    const iteration = composeAsyncIterable(this.parts.pipeline)(method, []);
    const consume = async (): Promise<void> => {
      for (let item = await iteration.next(); item.done !== true; item = await iteration.next()) {
        if (!this.isLeft) this.values.push(String(item.value));
      }
      this.end('end');
    };
    consume().catch((error: unknown) => this.fail(error));
    this.leaveWith(() => {
      this.isLeft = true;
      void iteration.return();
    });
  }

  private leaveWith(leave: () => void): void {
    const { act, clock } = this.parts;
    if (act.leavesAfterMs === Number.POSITIVE_INFINITY) return;
    clock.schedule(act.leavesAfterMs, () => {
      if (this.outcome === undefined) leave();
    });
  }

  private begin() {
    this.runsAt.push(this.parts.clock.nowMs());
    return this.parts.execution(this.runsAt.length);
  }

  private promised(call: CallContext): Promise<unknown> {
    const { how, name, error } = this.begin();
    if (how.kind === 'throws') throw error;
    return this.before(how, call).then(() => {
      if (how.kind === 'fails' || how.kind === '404') throw error;
      return how.kind === 'bad' ? 'bad' : `value ${name}`;
    });
  }

  private streamed(call: CallContext): Observable<unknown> {
    const { how, name, error } = this.begin();
    const { clock } = this.parts;
    if (how.kind === 'throws') throw error;
    return new Observable((subscriber) => {
      if (how.kind === 'hangs') return;
      if (how.kind === 'obeys') return whenEnded(call, (reason) => subscriber.error(reason));
      clock.schedule(how.ms, () => {
        if (how.kind === 'fails' || how.kind === '404') return subscriber.error(error);
        if (how.kind !== 'empty') subscriber.next(how.kind === 'bad' ? 'bad' : `value ${name}`);
        return this.goOn(how, error, subscriber);
      });
    });
  }

  private goOn({ kind, moreMs }: Execution, error: unknown, subscriber: Subscriber<unknown>): void {
    if (subscriber.closed || (kind !== 'more' && kind !== 'breaks')) return subscriber.complete();
    this.parts.clock.schedule(moreMs, () => {
      if (kind === 'breaks') return subscriber.error(error);
      subscriber.next('more');
      return subscriber.complete();
    });
    return undefined;
  }

  private async *iterated(call: CallContext): AsyncGenerator<unknown> {
    const { how, name, error } = this.begin();
    const { kind, moreMs } = how;
    if (kind === 'throws') throw error;
    await this.before(how, call);
    if (kind === 'fails' || kind === '404') throw error;
    if (kind !== 'empty') yield kind === 'bad' ? 'bad' : `value ${name}`;
    if (kind !== 'more' && kind !== 'breaks') return;
    await this.after(moreMs);
    if (kind === 'breaks') throw error;
    yield 'more';
  }

  private before({ kind, ms }: Execution, call: CallContext): Promise<unknown> {
    if (kind === 'hangs') return hang();
    return kind === 'obeys' ? untilEnded(call) : this.after(ms);
  }

  private after(ms: number): Promise<void> {
    return new Promise((resolve) => this.parts.clock.schedule(ms, resolve));
  }

  private fail(error: unknown): void {
    this.end(this.parts.nameOf(error));
  }

  private end(outcome: string): void {
    if (this.isLeft) return;
    this.outcome = outcome;
    this.endedMs = this.parts.clock.nowMs();
  }
}

function whenEnded({ signal }: CallContext, end: (reason: unknown) => void): void {
  signal.addEventListener('abort', () => end(signal.reason), { once: true });
}

/** Ends with the signal's reason, as soon as that aborts. */
function untilEnded(call: CallContext): Promise<never> {
  return new Promise((_resolve, reject) => whenEnded(call, reject));
}
