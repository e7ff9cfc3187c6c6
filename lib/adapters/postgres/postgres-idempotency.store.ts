import type { CallIdempotency, Clock } from '../../core/index.js';
import type {
  BeginAnswer,
  BeginRequest,
  ClaimAnswer,
  CompleteOptions,
  CompleteRequest,
  ExtendRequest,
  IdempotencyStore,
  RecordView,
  ReleaseAnswer,
  ReleaseRequest,
  StoreCallOptions,
} from '../../policies/idempotency/index.js';
import { MethodTransactions } from './method-transactions.js';
import type { PostgresQueryable } from './postgres-clients.js';
import { PostgresConnections } from './postgres-connection.js';
import { PostgresRecords } from './postgres-records.js';
import { namesOf } from './postgres-schema.js';
import { statementsFor } from './postgres-statements.js';
import {
  type ForeignTransactionOptions,
  type TransactionOptions,
  transactionsOf,
} from './postgres-transaction.js';
import { type PostgresIdempotencyStoreOptions, resolvePostgresOptions } from './postgres.options.js';
import { postgresWarnings } from './postgres-warnings.js';
import { whileAsked } from './while-asked.js';

const SWEEP_BATCH = 1_000;

/**
 * Keeps records in a PostgreSQL table (12 or above), for any number of processes. Every operation is one statement,
 * decided by the server's clock. The promises hold as long as the server keeps what it committed; within a
 * transaction of the same database, outcome and effect commit together or not at all.
 */
export class PostgresIdempotencyStore implements IdempotencyStore {
  private readonly connections: PostgresConnections;
  private readonly records: PostgresRecords;
  private readonly transactions: MethodTransactions;
  private readonly clock: Clock;

  /** @throws {InvalidOptionsError} where neither or both of `pool` and `connection` are given, or one is wrong */
  constructor(options: PostgresIdempotencyStoreOptions) {
    const { names, lockTimeoutMs, clock, ...source } = resolvePostgresOptions(options);
    this.connections = new PostgresConnections({ names, ...source });
    this.clock = clock;
    const sql = statementsFor(namesOf(names));
    this.records = new PostgresRecords({
      connection: this.connections,
      sql,
      lockTimeoutMs,
      clock,
    });
    const prepare = (): Promise<void> => this.prepare();
    this.transactions = new MethodTransactions({ records: this.records, sql, clock, store: this, prepare });
  }

  /** Creates table, sequence and index now where they are missing, unless `createTable` is off. */
  prepare(): Promise<void> {
    return this.connections.prepare();
  }

  /** Decides in one atomic step, by the clock of the store. */
  begin(request: BeginRequest, options?: StoreCallOptions): Promise<BeginAnswer> {
    return whileAsked(options, (waiting) => this.records.begin(request, waiting));
  }

  /** A claim whose row is locked by a transaction of `inTransaction` is not renewed: nobody else can take it. */
  extend(request: ExtendRequest, options?: StoreCallOptions): Promise<ClaimAnswer> {
    return whileAsked(options, async (waiting) => {
      if (this.transactions.held.isLocked(request)) return 'ok';
      const answer = await this.records.extend(request, waiting);
      return answer === 'fenced' && (await this.transactions.isCompletedByItself(request)) ? 'ok' : answer;
    });
  }

  /** `transaction`: an open transaction of the same database, as something with `query(text, values)`. */
  complete(request: CompleteRequest, options: CompleteOptions = {}): Promise<ClaimAnswer> {
    const { transaction } = options;
    return whileAsked(options, async (waiting) => {
      if (transaction !== undefined) return this.transactions.completeOn(transaction, request);
      const answer = await this.records.complete(request, waiting);
      this.transactions.held.forget(request);
      return answer;
    });
  }

  /**
   * Completes the claim of a running method on the client of an open transaction, with the value that the method
   * gives: the outcome is kept if and only if that commits. For READ COMMITTED only: under REPEATABLE READ and
   * SERIALIZABLE a renewal after the transaction's snapshot makes it fail with 40001; `inTransaction` and
   * `inForeignTransaction` work at every level. Without a claim it does nothing.
   *
   * @throws {IdempotencyInFlightError} `superseded`, where the claim is lost: the transaction must be rolled back
   */
  completeWithin(
    client: PostgresQueryable,
    claim: CallIdempotency | undefined,
    value: unknown,
  ): Promise<void> {
    return this.transactions.completeWithin(client, claim, value);
  }

  /**
   * Opens a transaction, locks the method's claim in it, runs the work, completes the claim with what the work gives
   * and commits: effect and outcome together or not at all, at every isolation level. While it is open the claim is
   * not renewed and nobody can take it over; should its connection break, lock and transaction end together. Where a
   * transaction of the same claim has committed (an attempt before, a hedge beside), its value is given.
   *
   * @throws {IdempotencyInFlightError} `superseded`, where the claim was lost before; what the work throws, after a
   * rollback; what the driver throws: where that was the commit, nobody knows whether it took place
   */
  inTransaction<T>(
    { pool, isolationLevel = 'read committed', claim }: TransactionOptions,
    work: (client: PostgresQueryable) => Promise<T>,
  ): Promise<T> {
    return this.inForeignTransaction({ open: transactionsOf({ pool, isolationLevel }), claim }, work);
  }

  /** The same in a transaction that another library opens, at whatever isolation level it does. */
  inForeignTransaction<T, Tx>(
    options: ForeignTransactionOptions<Tx>,
    work: (transaction: Tx) => Promise<T>,
  ): Promise<T> {
    return this.transactions.run(options, work);
  }

  /** Gives a claim up. */
  release(request: ReleaseRequest, options?: StoreCallOptions): Promise<ReleaseAnswer> {
    const { storedKey, ownerId, fence } = request;
    return whileAsked(options, async (waiting) => {
      const answer = await this.records.release(request, waiting);
      if (fence !== undefined) this.transactions.held.forget({ storedKey, claim: { ownerId, fence } });
      return answer;
    });
  }

  /** The record as an operator sees it; changes nothing. */
  read(storedKey: string, options?: StoreCallOptions): Promise<RecordView | undefined> {
    return whileAsked(options, () => this.records.read(storedKey));
  }

  /** Makes a record released; answers whether there was one. */
  forget(storedKey: string, options?: StoreCallOptions): Promise<boolean> {
    return whileAsked(options, (waiting) => this.records.forget(storedKey, waiting));
  }

  /** In batches of at most 1000; rows that another process is sweeping are passed over. */
  sweep(atMost: number, options?: StoreCallOptions): Promise<number> {
    return whileAsked(options, async (waiting) => {
      let removed = 0;
      while (removed < atMost && waiting?.aborted !== true) {
        const limit = Math.min(SWEEP_BATCH, atMost - removed);
        const batch = await this.records.sweep(limit);
        removed += batch;
        if (batch < limit) break;
      }
      return removed;
    });
  }

  /** Resolves where the store can be reached. */
  ping(options?: StoreCallOptions): Promise<void> {
    return whileAsked(options, async () => {
      await this.connections.query('SELECT 1', []);
    });
  }

  /** A table that is missing and that the store is not to create. */
  warnings(options?: StoreCallOptions): Promise<readonly string[]> {
    return postgresWarnings(this.connections, this.clock, options?.signal);
  }

  /** Ends the store's own pool; one that was given stays open. */
  close(): Promise<void> {
    return this.connections.close();
  }
}
