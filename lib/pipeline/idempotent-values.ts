import { show } from '../core/check.js';
import type { EventSink } from '../core/events.js';
import { fieldOf } from '../core/error-facts.js';
import { markReplayed } from '../core/replayed.js';
import {
  type ErrorFacts,
  errorFactsOf,
  IdempotencyReplayUnavailableError,
  NotStorableError,
  type Outcome,
  type OutcomeCodec,
  type StoredOutcome,
  TooLongError,
} from '../policies/idempotency/index.js';
import type { OutcomeCapture, Settled, Soon } from './idempotent-call.js';
import { Sequence } from './idempotent-sequence.js';
import { partsOf, type StreamLog } from './idempotent-stream-log.js';

/** Makes an error of what was kept of one; where Nest is, an `HttpException` of one with a status. */
export type ReviveError = (facts: ErrorFacts) => Error;

/** What values and errors of one operation are kept with. */
export interface ValueCaptureParts {
  readonly operation: string;
  readonly codec: OutcomeCodec;
  readonly maxStoredBytes: number;
  readonly events: EventSink;
  /** The classes that were warned of, so that each is told once per operation. */
  readonly warned: Set<string>;
  /** Told that an outcome cannot be kept, once for each class. */
  readonly warn: (warning: string) => void;
  readonly reviveError?: ReviveError | undefined;
  /** Whether the method gives a stream, which its records are given as. @defaultValue never */
  readonly givesStream?: (() => boolean) | undefined;
}

const NO_BYTES = new Uint8Array(0);

/** An outcome that was there and cannot be given again. */
export const TOMBSTONE: StoredOutcome = { kind: 'tombstone', metadata: '', body: NO_BYTES };

/** Takes what a method gives, and gives copies of it. */
export class ValueCapture implements OutcomeCapture {
  private readonly metadata: string;

  constructor(private readonly parts: ValueCaptureParts) {
    this.metadata = JSON.stringify({ codec: parts.codec.name });
  }

  outcomeOf(settled: Settled): Outcome {
    return settled;
  }

  keep(outcome: Outcome, storedKey: string): Soon<StoredOutcome> {
    const { value } = outcome;
    if (value instanceof Sequence && value.log !== undefined) return this.keepStream(value.log, outcome);
    const { kind } = outcome;
    try {
      const content = kind === 'value' ? value : errorFactsOf(outcome.error);
      const { codec, maxStoredBytes: maxBytes } = this.parts;
      const body = codec.encode(content, { storedKey, maxBytes });
      return body instanceof Uint8Array ? this.stored(kind, body) : this.keepLater(kind, body);
    } catch (error) {
      return this.refused(error);
    }
  }

  private async keepLater(kind: Outcome['kind'], encoding: Promise<Uint8Array>): Promise<StoredOutcome> {
    try {
      return this.stored(kind, await encoding);
    } catch (error) {
      return this.refused(error);
    }
  }

  private stored(kind: Outcome['kind'], body: Uint8Array): StoredOutcome {
    return body.byteLength > this.parts.maxStoredBytes ? TOMBSTONE : { kind, metadata: this.metadata, body };
  }

  private refused(error: unknown): StoredOutcome {
    this.warnOnce(error);
    return TOMBSTONE;
  }

  /** What a stream has sent, and the error that it ended with. */
  async keepStream(log: StreamLog, { kind, error }: Outcome): Promise<StoredOutcome> {
    const body = await log.body(kind === 'error' ? errorFactsOf(error) : undefined);
    if (log.refusal !== undefined) this.warnOnce(log.refusal);
    if (body === undefined) return TOMBSTONE;
    return { kind, metadata: JSON.stringify({ codec: this.parts.codec.name, stream: true }), body };
  }

  async replay(stored: StoredOutcome, storedKey: string): Promise<unknown> {
    const content = await this.read(stored, storedKey);
    if (content instanceof Sequence || stored.kind === 'value') return content;
    throw this.revived(content);
  }

  // What is read was written from the facts of an error.
  private revived(facts: unknown): Error {
    const { reviveError = plainError } = this.parts;
    return markReplayed(reviveError(facts as ErrorFacts));
  }

  private async readStream({ kind, body }: StoredOutcome, storedKey: string): Promise<Sequence> {
    const { codec, givesStream } = this.parts;
    if (givesStream?.() !== true) throw new Error('it is that of a stream, and the method gives one value');
    const decoding = partsOf(body).map(async (part) => codec.decode(part, { storedKey }));
    const items: unknown[] = await Promise.all(decoding);
    if (kind === 'value') return new Sequence(items, { kind: 'complete' });
    return new Sequence(items.slice(0, -1), { kind: 'error', error: this.revived(items.at(-1)) });
  }

  /** @throws {IdempotencyReplayUnavailableError} for what is not there, or cannot be read */
  private async read(stored: StoredOutcome, storedKey: string): Promise<unknown> {
    const { operation, codec, events } = this.parts;
    if (stored.kind !== 'value' && stored.kind !== 'error') throw this.unavailable();
    try {
      const metadata: unknown = JSON.parse(stored.metadata);
      const writer = fieldOf(metadata, 'codec');
      if (writer !== codec.name) {
        throw new Error(`it was written by the codec ${show(writer)}, and the codec is ${show(codec.name)}`);
      }
      if (fieldOf(metadata, 'stream') === true) return await this.readStream(stored, storedKey);
      return await codec.decode(stored.body, { storedKey });
    } catch (cause) {
      events.report(`the stored outcome of ${operation}`, cause);
      throw this.unavailable(cause);
    }
  }

  private unavailable(cause?: unknown): IdempotencyReplayUnavailableError {
    return new IdempotencyReplayUnavailableError(this.parts.operation, { cause });
  }

  private warnOnce(error: unknown): void {
    // As silent as what turned out to be too long when it was written.
    if (error instanceof TooLongError) return;
    const { operation, warned, warn } = this.parts;
    const className = error instanceof NotStorableError ? error.className : undefined;
    const name = `${operation}:${className ?? ''}`;
    if (warned.has(name)) return;
    warned.add(name);
    const why = error instanceof Error ? error.message : show(error);
    warn(`${operation}: a result cannot be kept, and duplicates of its call get an error: ${why}`);
  }
}

/** An error with what a caller can tell errors apart by; without stack and cause of the first one. */
function plainError({ name, message, code, status }: ErrorFacts): Error {
  const error = new Error(message);
  const members = { ...(code !== undefined && { code }), ...(status !== undefined && { status }) };
  if (name !== 'Error') Object.defineProperty(error, 'name', { value: name, configurable: true });
  return Object.assign(error, members);
}
