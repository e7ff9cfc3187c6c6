import type { Ending } from './ledger.js';

/** What one process is: whose client it is, and how it guards. */
export interface WorkerSettings {
  readonly store: 'redis' | 'postgres';
  readonly url: string;
  readonly ledger: string;
  readonly leaseMs: number;
  readonly storeTimeoutMs: number;
  readonly onInFlight: 'reject' | 'wait';
  /** Where the business row is: in the ledger, or in the database, committed together with the outcome. */
  readonly effect: 'ledger' | 'transaction';
}

/** Operations of a store that a process can be stopped before. */
export type StoreMoment = 'begin' | 'extend' | 'complete';

/** What a process can be stopped before: also its transaction, the commit, and the answer after it. */
export type Moment = StoreMoment | 'transaction' | 'commit' | 'answer';

export type IsolationLevel = 'read committed' | 'repeatable read' | 'serializable';

/** One call that a process is told to make. */
export interface CallOrder {
  readonly order: 'call';
  readonly id: number;
  readonly key: string;
  /** Of the method's time: until the effect, and from the effect on. */
  readonly beforeMs: number;
  readonly afterMs: number;
  /** Fails instead, before the effect. */
  readonly fails?: boolean;
  /** Asks before the first of these, and goes on when told. */
  readonly asksBefore?: Moment;
  /** Of its transaction. */
  readonly isolationLevel?: IsolationLevel;
  readonly isAudit?: boolean;
}

/** Many calls at once, each once. */
export interface RaceOrder {
  readonly order: 'race';
  readonly id: number;
  readonly keys: readonly string[];
  readonly atOnce: number;
  readonly isAudit?: boolean;
}

/** What a process is told. */
export type Order = CallOrder | RaceOrder | { readonly order: 'go' } | { readonly order: 'leave' };

/** What a process says. */
export type Report =
  | { readonly report: 'ready' }
  | { readonly report: 'asking'; readonly before: Moment }
  | { readonly report: 'entered'; readonly key: string }
  | { readonly report: 'called'; readonly id: number; readonly ending: Ending; readonly run?: string }
  | { readonly report: 'raced'; readonly id: number };
