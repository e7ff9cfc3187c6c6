import type { Clock } from '../../core/index.js';
import type { CompleteRequest, ExtendRequest, StoredOutcome } from '../../policies/idempotency/index.js';
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

/** A transaction that ends with the completion of a claim. */
export interface TransactionOptions {
  /** Of the database that the store's table is in; a connection of it is given back at the end. */
  readonly pool: PostgresPool;
  /** The claim that the method runs under, with the times of a record in progress. */
  readonly claim: ExtendRequest;
  /** How long the outcome is kept. */
  readonly retentionMs: number;
  /** How the transaction is isolated. @defaultValue 'read committed' */
  readonly isolationLevel?: IsolationLevel;
  /** What errors call the method. @defaultValue 'PostgresIdempotencyStore' */
  readonly operation?: string;
}

/** What the work of a transaction comes to: what its caller gets, and what duplicates will. */
export interface TransactionResult<T> {
  /** What the caller gets. */
  readonly value: T;
  /** What is recorded. */
  readonly outcome: StoredOutcome;
}

/** What a transaction needs of its store. */
export interface TransactionParts {
  readonly held: HeldClaims;
  readonly extendSql: string;
  complete(client: PostgresQueryable, request: CompleteRequest): Promise<unknown>;
  readonly clock: Clock;
}

/** Locks the claim's row first, so that no renewal comes after the snapshot and nobody takes over. */
export class ClaimTransaction {
  constructor(
    private readonly options: TransactionOptions,
    private readonly parts: TransactionParts,
  ) {}

  /** @throws what the work or the driver throws, after a rollback; that the claim is lost */
  async run<T>(work: (client: PostgresQueryable) => Promise<TransactionResult<T>>): Promise<T> {
    const { held } = this.parts;
    const { claim, pool } = this.options;
    const lock = held.lock(claim);
    try {
      const client = await pool.connect();
      client.on?.('error', unheard);
      const value = await this.on(client, work).finally(() => client.removeListener?.('error', unheard));
      held.committed(claim);
      return value;
    } finally {
      lock.release();
    }
  }

  private async on<T>(
    client: PostgresConnection,
    work: (client: PostgresQueryable) => Promise<TransactionResult<T>>,
  ): Promise<T> {
    const { claim, retentionMs } = this.options;
    const { storedKey, fingerprint } = claim;
    try {
      await this.lockClaim(client);
      const { value, outcome } = await work(client);
      await this.parts.complete(client, { storedKey, fingerprint, claim: claim.claim, outcome, retentionMs });
      await client.query('COMMIT');
      client.release();
      return value;
    } catch (error) {
      await rollBack(client, error);
      throw error;
    }
  }

  /** A renewal that is still on its way may meet the first snapshot: nothing has happened yet, so begin again. */
  private async lockClaim(client: PostgresConnection): Promise<void> {
    const { claim, isolationLevel = 'read committed', operation } = this.options;
    const answer = await lookAgain({ clock: this.parts.clock, signal: undefined }, async () => {
      await client.query(BEGIN[isolationLevel]);
      try {
        return claimAnswerOf(await client.query(this.parts.extendSql, extendValues(claim)));
      } catch (error) {
        await client.query('ROLLBACK');
        throw error;
      }
    });
    if (answer === undefined)
      throw new Error(`${operation ?? 'a transaction'}: its claim could not be locked`);
    if (answer === 'fenced') throw claimLost(operation);
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
