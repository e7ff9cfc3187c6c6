import { show } from '../core/check.js';
import type { EventSink } from '../core/events.js';
import { markReplayed } from '../core/replayed.js';
import {
  type ErrorFacts,
  errorFactsOf,
  IdempotencyReplayUnavailableError,
  NotStorableError,
  type Outcome,
  type OutcomeCodec,
  type StoredOutcome,
} from '../policies/idempotency/index.js';
import type { OutcomeCapture, Settled } from './idempotent-call.js';

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
}

const NO_BYTES = new Uint8Array(0);

/** An outcome that was there and cannot be given again. */
export const TOMBSTONE: StoredOutcome = { kind: 'tombstone', metadata: '', body: NO_BYTES };

/** Takes what a method gives, and gives copies of it. */
export class ValueCapture implements OutcomeCapture {
  constructor(private readonly parts: ValueCaptureParts) {}

  outcomeOf(settled: Settled): Outcome {
    return settled;
  }

  async keep(outcome: Outcome, storedKey: string): Promise<StoredOutcome> {
    const { codec, maxStoredBytes } = this.parts;
    const content = outcome.kind === 'value' ? outcome.value : errorFactsOf(outcome.error);
    try {
      const body = await codec.encode(content, { storedKey });
      if (body.byteLength > maxStoredBytes) return TOMBSTONE;
      return { kind: outcome.kind, metadata: JSON.stringify({ codec: codec.name }), body };
    } catch (error) {
      this.warnOnce(error);
      return TOMBSTONE;
    }
  }

  async replay(stored: StoredOutcome, storedKey: string): Promise<unknown> {
    const content = await this.read(stored, storedKey);
    if (stored.kind === 'value') return content;
    const { reviveError = plainError } = this.parts;
    throw markReplayed(reviveError(content as ErrorFacts));
  }

  /** @throws {IdempotencyReplayUnavailableError} for what is not there, or cannot be read */
  private async read(stored: StoredOutcome, storedKey: string): Promise<unknown> {
    const { operation, codec, events } = this.parts;
    if (stored.kind !== 'value' && stored.kind !== 'error') throw this.unavailable();
    try {
      const { codec: writer } = JSON.parse(stored.metadata) as { readonly codec?: unknown };
      if (writer !== codec.name) {
        throw new Error(`it was written by the codec ${show(writer)}, and the codec is ${show(codec.name)}`);
      }
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
