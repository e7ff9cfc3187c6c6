import type { Execution } from '../script.js';
import { type Failure, ofMethod } from './failure.js';
import type { Leave, Listener, Manner } from './layer.js';
import type { ModelScope } from './scope.js';
import type { ModelTime } from './time.js';

interface ExecutionParts {
  readonly how: Execution;
  readonly name: string;
  readonly manner: Manner;
  readonly time: ModelTime;
  readonly scope: ModelScope;
}

/** What the method does. */
export function execute(parts: ExecutionParts, listener: Listener): Leave {
  const execution = new RunningExecution(parts, listener);
  execution.begin();
  return () => execution.leave();
}

class RunningExecution {
  private isLeft = false;
  private readonly failure: Failure;

  constructor(
    private readonly parts: ExecutionParts,
    private readonly listener: Listener,
  ) {
    const { how, name } = parts;
    this.failure = ofMethod(`${how.kind} ${name}`, how.kind === '404' ? 404 : 503);
  }

  begin(): void {
    const { how, time, scope } = this.parts;
    if (how.kind === 'throws') time.soon(() => this.fail(this.failure));
    else if (how.kind === 'obeys') scope.onEnd(({ reason }) => this.fail(reason));
    else if (how.kind !== 'hangs') time.after(how.ms, () => this.arrive());
  }

  leave(): void {
    this.isLeft = true;
  }

  private arrive(): void {
    const { how, name, manner, scope } = this.parts;
    const { kind } = how;
    if (kind === 'fails' || kind === '404') return this.fail(this.failure);
    // An iteration that opens when its consumer has gone, or its limit has passed, has not opened.
    const { ended } = scope;
    if (manner === 'iteration' && ended !== undefined && ended.origin !== 'loser')
      return this.fail(ended.reason);
    if (kind !== 'empty' || manner === 'promise') this.value(kind === 'bad' ? 'bad' : `value ${name}`);
    return this.goOn();
  }

  /** What comes after the first value, which is a promise's last. */
  private goOn(): void {
    const { how, manner, time } = this.parts;
    if (this.isLeft) return undefined;
    if (manner === 'promise' || (how.kind !== 'more' && how.kind !== 'breaks')) return this.listener.end();
    time.after(how.moreMs, () => this.finish(how.kind));
    return undefined;
  }

  private finish(kind: Execution['kind']): void {
    if (kind === 'breaks') return this.fail(this.failure);
    this.value('more');
    if (!this.isLeft) this.listener.end();
    return undefined;
  }

  private value(text: string): void {
    if (!this.isLeft) this.listener.value(text);
  }

  private fail(failure: Failure): void {
    if (!this.isLeft) this.listener.fail(failure);
  }
}
