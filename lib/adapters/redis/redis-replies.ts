import type {
  BeginAnswer,
  OutcomeKind,
  RecordView,
  StoredOutcome,
} from '../../policies/idempotency/index.js';

/** A reply that none of our scripts gives. */
function unknownReply(what: string): never {
  throw new Error(`the Redis server answered what this store does not understand: ${what}`);
}

/** The fields of a script's reply. */
export class Reply {
  private constructor(private readonly fields: readonly unknown[]) {}

  static of(reply: unknown): Reply {
    return Array.isArray(reply) ? new Reply(reply) : unknownReply(typeof reply);
  }

  get isEmpty(): boolean {
    return this.fields.length === 0;
  }

  text(index: number): string {
    const field = this.fields[index];
    if (Buffer.isBuffer(field)) return field.toString();
    return typeof field === 'string' ? field : unknownReply(`field ${index} is ${typeof field}`);
  }

  number(index: number): number {
    return Number(this.text(index));
  }

  flag(index: number): boolean {
    return this.text(index) === '1';
  }

  /** A copy: clients hand out parts of what they read from the socket. */
  bytes(index: number): Uint8Array {
    const field = this.fields[index];
    return Buffer.isBuffer(field) ? Uint8Array.from(field) : unknownReply(`field ${index} is no buffer`);
  }

  oneOf<W extends string>(index: number, words: readonly W[]): W {
    const text = this.text(index);
    return words.find((word) => word === text) ?? unknownReply(text);
  }
}

const KINDS: readonly OutcomeKind[] = ['wire', 'value', 'error', 'tombstone'];

/** The answer to a begin by this owner. */
export function beginAnswerOf(reply: Reply, ownerId: string): BeginAnswer {
  const kind = reply.oneOf(0, ['acquired', 'busy', 'completed', 'mismatch']);
  if (kind === 'acquired') return acquired(reply, ownerId);
  if (kind === 'busy') return { kind, leaseLeftMs: reply.number(1) };
  if (kind === 'mismatch') return { kind, state: reply.oneOf(1, ['completed', 'in-progress']) };
  return { kind, outcome: outcomeAt(reply, 1), compared: reply.flag(4) };
}

function acquired(reply: Reply, ownerId: string): BeginAnswer {
  const claim = {
    ownerId,
    fence: reply.text(1),
    attempts: reply.number(2),
    recovered: reply.flag(3),
  };
  return { kind: 'acquired', claim, tookOver: reply.flag(4) };
}

function outcomeAt(reply: Reply, index: number): StoredOutcome {
  return {
    kind: reply.oneOf(index, KINDS),
    metadata: reply.text(index + 1),
    body: reply.bytes(index + 2),
  };
}

const STATES = { p: 'in-progress', c: 'completed', r: 'released' } as const;

/** What is seen of a record; `undefined` where there is none. */
export function viewOfReply(reply: Reply): RecordView | undefined {
  if (reply.isEmpty) return undefined;
  const state = STATES[reply.oneOf(0, ['p', 'c', 'r'])];
  const view = {
    state,
    attempts: reply.number(1),
    recovered: reply.flag(2),
    fence: reply.text(3),
    retentionLeftMs: reply.number(4),
  };
  if (state === 'in-progress') {
    return { ...view, leaseLeftMs: reply.number(5), fingerprint: reply.text(6) };
  }
  return state === 'completed' ? { ...view, outcome: outcomeAt(reply, 5), fingerprint: reply.text(8) } : view;
}
