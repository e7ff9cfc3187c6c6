import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';

/** Whose clock it is: that of the machine, which no shift of a process's clock touches. */
export function machineMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** How one call of a client ended. */
export type Ending =
  | 'own'
  | 'replay'
  | 'in-flight'
  | 'superseded'
  | 'store-down'
  | 'business-error'
  /** Anything else is a fault of the library. */
  | 'unexpected';

interface Written {
  readonly pid: number;
  readonly atMs: number;
  readonly key: string;
}

/** The store has given a process a claim; `sentMs` is when it was asked. */
export interface AcquiredLine extends Written {
  readonly line: 'acquired';
  readonly fence: string;
  readonly tookOver: boolean;
  readonly attempts: number;
  readonly sentMs: number;
  readonly leaseMs: number;
}

/** The store has renewed a claim. */
export interface RenewedLine extends Written {
  readonly line: 'renewed';
  readonly fence: string;
  readonly sentMs: number;
  readonly leaseMs: number;
}

/** The business effect of one run: the method was here. */
export interface RowLine extends Written {
  readonly line: 'row';
  readonly run: string;
  readonly fence: string;
  readonly recovered: boolean;
}

/** The store has acknowledged an outcome. */
export interface RecordedLine extends Written {
  readonly line: 'recorded';
  readonly run: string;
  readonly fence: string;
}

/** The store has told an owner that somebody else has its claim. */
export interface RefusedLine extends Written {
  readonly line: 'refused';
  readonly fence: string;
}

/** The store has taken a claim back before its effect. */
export interface ReleasedLine extends Written {
  readonly line: 'released';
  readonly fence: string | undefined;
}

/** What a client was told. */
export interface AnswerLine extends Written {
  readonly line: 'answer';
  readonly ending: Ending;
  readonly run: string | undefined;
  /** When the call was made. */
  readonly askedMs: number;
  /** The calls of the audit come last: theirs is what is recorded. */
  readonly isAudit: boolean;
  readonly problem?: string;
}

/** A process was killed from outside. */
export interface KilledLine extends Written {
  readonly line: 'killed';
}

/** A process was stopped from outside; it goes on later. */
export interface FrozenLine extends Written {
  readonly line: 'frozen';
}

/** What was done to a process from outside. */
export type HarmLine = KilledLine | FrozenLine;

/** What happened, in the words of those who did it. */
export type LedgerLine =
  AcquiredLine | RenewedLine | RowLine | RecordedLine | RefusedLine | ReleasedLine | AnswerLine | HarmLine;

type WithoutStamp<T> = T extends LedgerLine ? Omit<T, 'pid' | 'atMs'> & { readonly pid?: number } : never;

/**
 * A file outside of every store that processes append to; a line that was written survives its writer. One write
 * per line, to a file opened for appending: lines of different processes do not run together.
 */
export class Ledger {
  private readonly file: number;

  constructor(private readonly path: string) {
    this.file = openSync(path, 'a');
  }

  append(line: WithoutStamp<LedgerLine>): void {
    writeSync(this.file, `${JSON.stringify({ pid: process.pid, atMs: machineMs(), ...line })}\n`);
  }

  /** Everything that was written by now. */
  read(): readonly LedgerLine[] {
    const lines = readFileSync(this.path, 'utf8').split('\n');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as LedgerLine);
  }

  close(): void {
    closeSync(this.file);
  }
}
