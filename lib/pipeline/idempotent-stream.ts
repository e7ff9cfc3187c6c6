import type { Outcome, OutcomeCodec, StoredOutcome } from '../policies/idempotency/index.js';
import type { Scope } from '../core/scope.js';
import type { CallRecord } from './call-record.js';
import type { Settled, Soon } from './idempotent-call.js';
import { Sequence } from './idempotent-sequence.js';
import { StreamLog } from './idempotent-stream-log.js';
import type { ValueCapture } from './idempotent-values.js';
import type { PromiseNext } from './promise-layers.js';

/** One kind of stream, as the guard deals with it. */
export interface StreamFlow<S> {
  /** What stands inside the guard gives a stream. */
  open(scope: Scope, record: CallRecord): Promise<S>;
  /** The answer of `alreadyDone` in the form of the method's own. */
  of(answer: unknown): Promise<S>;
  /**
   * Takes the stream in, to its end or until the log is over; then the rest is live. Ends the stream when the scope
   * is cancelled. @throws what the stream failed with, noted in the log, or the reason of the cancellation
   */
  collect(source: S, log: StreamLog, scope?: Scope): Promise<Sequence<S>>;
  /** Ends a rest that nobody wants. */
  abandon(rest: S): void;
}

/** What of the guarded method its streams need. */
export interface StreamParts {
  readonly values: ValueCapture;
  readonly codec: OutcomeCodec;
  readonly maxStoredBytes: number;
}

/** One call of a guarded method that gives a stream. */
export class StreamCall<S> {
  private log: StreamLog | undefined;

  constructor(
    private readonly flow: StreamFlow<S>,
    private readonly parts: StreamParts,
    private readonly caller: Scope,
  ) {}

  /** What stands inside the guard: without a claim the stream itself, else what it came to. */
  readonly next: PromiseNext = async (scope, record) => {
    const { claim } = record;
    claim?.expectStream();
    const source = await this.flow.open(scope, record);
    return claim === undefined ? source : this.collect(source, claim.storedKey, scope);
  };

  /** What `alreadyDone` has found, as the stream that the method would have given. */
  async found(answer: unknown, storedKey: string): Promise<unknown> {
    return answer === undefined ? undefined : this.collect(await this.flow.of(answer), storedKey);
  }

  /** What the caller gets where the run rejects: what was sent before, and then the error. @throws what is not its own */
  failed(error: unknown): Sequence<S> {
    const { log } = this;
    if (log?.failure === undefined || log.failure.error !== error) throw error;
    return new Sequence<S>(log.items, { kind: 'error', error }, log);
  }

  /** The outcome as `final` sees it: of a stream the values. */
  outcomeOf(settled: Settled): Outcome {
    if (settled.kind === 'error' || !(settled.value instanceof Sequence)) return settled;
    return { kind: 'value', value: settled.value.items };
  }

  keep(outcome: Outcome, storedKey: string): Soon<StoredOutcome> {
    const { log, parts } = this;
    const isOwn =
      outcome.kind === 'value' ? outcome.value === log?.items : log?.failure?.error === outcome.error;
    return log !== undefined && isOwn && (outcome.kind === 'value' || log.failure !== undefined)
      ? parts.values.keepStream(log, outcome)
      : parts.values.keep(outcome, storedKey);
  }

  replay(stored: StoredOutcome, storedKey: string): Promise<unknown> {
    return this.parts.values.replay(stored, storedKey);
  }

  private async collect(source: S, storedKey: string, scope?: Scope): Promise<Sequence<S>> {
    const { codec, maxStoredBytes } = this.parts;
    // Attempts that are retried have sent nothing: what a log holds is that of the last one.
    const log = (this.log = new StreamLog(codec, storedKey, maxStoredBytes));
    const sequence = await this.flow.collect(source, log, scope);
    const { end } = sequence;
    // Nobody is there to take the rest, now or when the tombstone is written.
    if (end.kind === 'live') this.caller.cancellation.onCancel(() => this.flow.abandon(end.rest));
    return sequence;
  }
}
