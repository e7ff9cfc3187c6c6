import { bulkheadFull } from './failure.js';
import type { Answer, ModelGate, Tell } from './gate.js';
import type { ModelTime } from './time.js';

export interface ModelBulkheadOptions {
  readonly maxConcurrentCalls: number;
  readonly maxQueueSize: number;
  readonly maxWaitMs: number | undefined;
}

/** A number and a list. */
export class ModelBulkhead implements ModelGate {
  readonly returnsOnCancel = false;
  private inUse = 0;
  private line: { readonly serve: () => void }[] = [];

  constructor(
    private readonly options: ModelBulkheadOptions,
    private readonly time: ModelTime,
    private readonly tell: Tell,
  ) {}

  admit(onTurn: (answer: Answer) => void): Answer {
    const { maxConcurrentCalls, maxQueueSize, maxWaitMs } = this.options;
    if (this.inUse < maxConcurrentCalls) return this.take();
    if (this.line.length >= maxQueueSize || maxWaitMs === 0) return this.refuse();
    let stop = (): void => undefined;
    const leave = (): void => {
      stop();
      this.line = this.line.filter((each) => each !== waiter);
    };
    const serve = (): void => {
      leave();
      onTurn(this.take());
    };
    const waiter = { serve };
    this.line.push(waiter);
    if (maxWaitMs !== undefined) {
      stop = this.time.after(maxWaitMs, () => {
        leave();
        onTurn(this.refuse());
      });
    }
    return { leave };
  }

  snapshot(): unknown {
    return { inUse: this.inUse, queued: this.line.length };
  }

  private take(): Answer {
    this.inUse += 1;
    return {
      end: () => {
        this.inUse -= 1;
        this.line[0]?.serve();
      },
    };
  }

  private refuse(): Answer {
    this.tell({ kind: 'bulkhead.rejected' });
    return { refused: bulkheadFull };
  }
}
