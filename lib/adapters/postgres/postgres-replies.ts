import type {
  BeginAnswer,
  OutcomeKind,
  RecordView,
  StoredOutcome,
} from '../../policies/idempotency/index.js';
import type { PostgresResult } from './postgres-clients.js';

function unknownAnswer(what: string): never {
  throw new Error(`the PostgreSQL server answered what this store does not understand: ${what}`);
}

/** One row of an answer, read by column. Drivers may give numbers as text. */
export class Row {
  private constructor(private readonly row: object) {}

  /** The only row, where there is one. */
  static of({ rows }: PostgresResult): Row | undefined {
    const [row] = rows;
    if (row === undefined) return undefined;
    return typeof row === 'object' && row !== null ? new Row(row) : unknownAnswer(typeof row);
  }

  text(column: string): string {
    const value = this.value(column);
    return typeof value === 'string' ? value : unknownAnswer(`${column} is ${typeof value}`);
  }

  number(column: string): number {
    const number = Number(this.value(column));
    return Number.isFinite(number) ? number : unknownAnswer(`${column} is no number`);
  }

  flag(column: string): boolean {
    const value = this.value(column);
    return value === true || value === 't';
  }

  bytes(column: string): Uint8Array {
    const value = this.value(column);
    return value instanceof Uint8Array ? Uint8Array.from(value) : unknownAnswer(`${column} is no buffer`);
  }

  private value(column: string): unknown {
    return Reflect.get(this.row, column);
  }
}

const KINDS: readonly OutcomeKind[] = ['wire', 'value', 'error', 'tombstone'];
const STATES = [undefined, 'in-progress', 'completed', 'released'] as const;

/** The lease of a claim that was just made, and how much of it is left now. */
export interface BeginReply {
  readonly answer: BeginAnswer;
  readonly leaseLeftMs: number;
}

/** The answer to a begin by this owner; `undefined` means: look again. */
export function beginReplyOf(row: Row | undefined, ownerId: string): BeginReply | undefined {
  if (row === undefined) return undefined;
  const leaseLeftMs = row.number('lease_left');
  return { answer: beginAnswerOf(row, ownerId, leaseLeftMs), leaseLeftMs };
}

function beginAnswerOf(row: Row, ownerId: string, leaseLeftMs: number): BeginAnswer {
  const kind = row.text('kind');
  if (kind === 'acquired') {
    const claim = {
      ownerId,
      fence: row.text('fence'),
      attempts: row.number('attempts'),
      recovered: row.flag('recovered'),
    };
    return { kind, claim, tookOver: row.flag('took_over') };
  }
  // It may have ended between the decision and this look.
  if (kind === 'busy') return { kind, leaseLeftMs: Math.max(1, leaseLeftMs) };
  if (kind === 'completed') return { kind, outcome: outcomeIn(row), compared: row.flag('compared') };
  return { kind: 'mismatch', state: row.number('state') === 2 ? 'completed' : 'in-progress' };
}

function outcomeIn(row: Row): StoredOutcome {
  const text = row.text('outcome_kind');
  return {
    kind: KINDS.find((kind) => kind === text) ?? unknownAnswer(text),
    metadata: Buffer.from(row.bytes('metadata')).toString(),
    body: row.bytes('body'),
  };
}

/** What is seen of a record. */
export function viewOfRow(row: Row | undefined): RecordView | undefined {
  if (row === undefined) return undefined;
  const state = STATES[row.number('state')] ?? unknownAnswer(`state ${row.number('state')}`);
  const view = {
    state,
    attempts: row.number('attempts'),
    recovered: row.flag('recovered'),
    fence: row.text('fence'),
    retentionLeftMs: Math.max(1, row.number('retention_left')),
  };
  if (state === 'released') return view;
  const fingerprint = row.text('fingerprint');
  if (state === 'in-progress') return { ...view, fingerprint, leaseLeftMs: row.number('lease_left') };
  return { ...view, fingerprint, outcome: outcomeIn(row) };
}
