import type { CallIdempotency, Clock } from '../../core/index.js';
import type { CompleteRequest, MethodClaim, MethodOutcome } from '../../policies/idempotency/index.js';
import type { HeldClaims } from './held-claims.js';
import { lookAgain } from './look-again.js';
import type { PostgresConnection, PostgresPool, PostgresQueryable } from './postgres-clients.js';
import { claimAnswerOf, claimLost, extendValues } from './postgres-values.js';

const BEGIN = {
  'read committed': 'BEGIN ISOLATION LEVEL READ COMMITTED',
  'repeatable read': 'BEGIN ISOLATION LEVEL REPEATABLE READ',
  serializable: 'BEGIN ISOLATION LEVEL SERIALIZABLE',
} as const;

/** The isolation levels of PostgreSQL. */
export type IsolationLevel = keyof typeof BEGIN;

/** A transaction that ends with the completion of the claim that a method runs under. */
export interface TransactionOptions {
  /** Of the database that the store's table is in; a connection of it is given back at the end. */
  readonly pool: PostgresPool;
  /**
   * `idempotency` of the call context. `undefined`, as where a call may come without a key, makes it an ordinary
   * transaction.
   */
  readonly claim: CallIdempotency | undefined;
  /** How the transaction is isolated. @defaultValue 'read committed' */
  readonly isolationLevel?: IsolationLevel;
}

/**
 * Opens a transaction of whatever library, hands over a client of it and what the work knows it by, commits with
 * what the work gives, and rolls back where it rejects.
 */
export type OpenTransaction<Tx> = <R>(
  run: (client: PostgresQueryable, transaction: Tx) => Promise<R>,
) => Promise<R>;

/** The same in a transaction that another library opens. */
export interface ForeignTransactionOptions<Tx> {
  /** Of the database that the store's table is in. */
  readonly open: OpenTransaction<Tx>;
  /** `idempotency` of the call context; `undefined` makes it an ordinary transaction. */
  readonly claim: CallIdempotency | undefined;
}

/** Transactions on connections of a pool. */
export function transactionsOf({
  pool,
  isolationLevel = 'read committed',
}: Pick<TransactionOptions, 'pool' | 'isolationLevel'>): OpenTransaction<PostgresQueryable> {
  return async (run) => {
    const client = await pool.connect();
    client.on?.('error', unheard);
    try {
      await client.query(BEGIN[isolationLevel]);
      const result = await run(client, client);
      await client.query('COMMIT');
      client.release();
      return result;
    } catch (error) {
      await rollBack(client, error);
      throw error;
    } finally {
      client.removeListener?.('error', unheard);
    }
  };
}

/** What a transaction needs of its store. */
export interface TransactionParts {
  readonly held: HeldClaims;
  readonly extendSql: string;
  complete(client: PostgresQueryable, request: CompleteRequest): Promise<unknown>;
  readonly clock: Clock;
}

/** How a transaction ended that was not disturbed before its work began. */
type Attempt =
  | { readonly kind: 'committed'; readonly outcome: MethodOutcome }
  | { readonly kind: 'failed'; readonly error: unknown };

/** Locks the claim's row first, so that no renewal comes after the snapshot and nobody takes over. */
export class ClaimTransaction<Tx> {
  constructor(
    private readonly claim: MethodClaim,
    private readonly open: OpenTransaction<Tx>,
    private readonly parts: TransactionParts,
  ) {}

  /**
   * Gives what a transaction of the claim has committed before, where one has: attempts repeat and overlap.
   *
   * @throws what the work or the driver throws, after a rollback; that the claim is lost
   */
  run(work: (transaction: Tx) => Promise<unknown>): Promise<MethodOutcome> {
    const { claim, parts } = this;
    const { held } = parts;
    return claim.inTurn(async () => {
      if (claim.ended !== undefined) return claim.ended;
      const lock = held.lock(claim.renewal);
      try {
        const outcome = await this.commit(work);
        held.committed(claim.renewal);
        return outcome;
      } finally {
        lock.release();
      }
    });
  }

  /** A renewal that is still on its way may meet the first snapshot: nothing has happened yet, so begin again. */
  private async commit(work: (transaction: Tx) => Promise<unknown>): Promise<MethodOutcome> {
    const { clock } = this.parts;
    const attempt = await lookAgain({ clock, signal: undefined }, () => this.attempt(work));
    if (attempt === undefined) throw new Error(`${this.claim.operation}: its claim could not be locked`);
    if (attempt.kind === 'failed') throw attempt.error;
    return attempt.outcome;
  }

  /** @throws what comes before the work has begun */
  private async attempt(work: (transaction: Tx) => Promise<unknown>): Promise<Attempt> {
    let hasBegun = false;
    let hasCompleted = false;
    try {
      const outcome = await this.open(async (client, transaction) => {
        await this.lockClaim(client);
        hasBegun = true;
        const completed = await this.completed(client, await work(transaction));
        hasCompleted = true;
        return completed;
      });
      return { kind: 'committed', outcome };
    } catch (error) {
      // It may have been the answer to the commit alone that was lost.
      if (hasCompleted) this.claim.prepared();
      if (hasBegun) return { kind: 'failed', error };
      throw error;
    }
  }

  private async lockClaim(client: PostgresQueryable): Promise<void> {
    const { claim, parts } = this;
    const answer = claimAnswerOf(await client.query(parts.extendSql, extendValues(claim.renewal)));
    if (answer === 'fenced') throw claimLost(claim.operation);
  }

  private async completed(client: PostgresQueryable, value: unknown): Promise<MethodOutcome> {
    const request = await this.claim.completionWith(value);
    await this.parts.complete(client, request);
    return { value, outcome: request.outcome };
  }
}

/** A connection that breaks between two statements fails the next one; that is how the work hears of it. */
function unheard(): void {}

/** A connection that cannot roll back is closed, which does the same. */
async function rollBack(client: PostgresConnection, cause: unknown): Promise<void> {
  try {
    await client.query('ROLLBACK');
    client.release();
  } catch {
    client.release(cause instanceof Error ? cause : true);
  }
}
