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
import { untilGivenUp } from '../../core/given-up.js';
import { HeldClaims } from './held-claims.js';
import { hasMembers, type PostgresQueryable } from './postgres-clients.js';
import { PostgresConnections } from './postgres-connection.js';
import { PostgresRecords } from './postgres-records.js';
import { namesOf } from './postgres-schema.js';
import { type PostgresStatements, statementsFor } from './postgres-statements.js';
import { ClaimTransaction, type TransactionOptions, type TransactionResult } from './postgres-transaction.js';
import { claimAnswerOf, claimLost, completeValues } from './postgres-values.js';
import { type PostgresIdempotencyStoreOptions, resolvePostgresOptions } from './postgres.options.js';
import type { Clock } from '../../core/index.js';

const SWEEP_BATCH = 1_000;

/**
 * Keeps records in a PostgreSQL table (12 or above), for any number of processes. Every operation is one statement,
 * decided by the server's clock. The promises hold as long as the server keeps what it committed; within a
 * transaction of the same database, outcome and effect commit together or not at all.
 */
export class PostgresIdempotencyStore implements IdempotencyStore {
  private readonly connections: PostgresConnections;
  private readonly records: PostgresRecords;
  private readonly sql: PostgresStatements;
  private readonly held = new HeldClaims();
  private readonly clock: Clock;

  /** @throws {InvalidOptionsError} where neither or both of `pool` and `connection` are given, or one is wrong */
  constructor(options: PostgresIdempotencyStoreOptions) {
    const { names, lockTimeoutMs, clock, ...source } = resolvePostgresOptions(options);
    this.clock = clock;
    this.connections = new PostgresConnections({ names, ...source });
    this.sql = statementsFor(namesOf(names));
    this.records = new PostgresRecords({
      connection: this.connections,
      sql: this.sql,
      lockTimeoutMs,
      clock,
    });
  }

  /** Creates table, sequence and index now where they are missing, unless `createTable` is off. */
  prepare(): Promise<void> {
    return this.connections.prepare();
  }

  /** Decides in one atomic step, by the clock of the store. */
  begin(request: BeginRequest, options?: StoreCallOptions): Promise<BeginAnswer> {
    return untilGivenUp(options?.signal, () => this.records.begin(request, options?.signal));
  }

  /** A claim whose row is locked by a transaction of `inTransaction` is not renewed: nobody else can take it. */
  extend(request: ExtendRequest, options?: StoreCallOptions): Promise<ClaimAnswer> {
    return untilGivenUp(options?.signal, async () => {
      if (this.held.isLocked(request)) return 'ok';
      const answer = await this.records.extend(request, options?.signal);
      return answer === 'fenced' && (await this.isCompletedByItself(request)) ? 'ok' : answer;
    });
  }

  /** `transaction`: an open transaction of the same database, as something with `query(text, values)`. */
  complete(request: CompleteRequest, options: CompleteOptions = {}): Promise<ClaimAnswer> {
    const { transaction, signal } = options;
    return untilGivenUp(signal, async () => {
      if (transaction !== undefined) return this.completeOn(transaction, request);
      const answer = await this.records.complete(request, signal);
      this.held.forget(request);
      return answer;
    });
  }

  /**
   * Completes a claim on the client of an open transaction: the outcome is kept if and only if that commits. For
   * READ COMMITTED only: under REPEATABLE READ and SERIALIZABLE a renewal after the transaction's snapshot makes it
   * fail with 40001; `inTransaction` works at every level.
   *
   * @throws {IdempotencyInFlightError} `superseded`, where the claim is lost: the transaction must be rolled back
   */
  async completeWithin(
    client: PostgresQueryable,
    request: CompleteRequest,
    operation?: string,
  ): Promise<'ok' | 'recreated'> {
    const answer = await this.completeOn(client, request);
    if (answer === 'fenced') throw claimLost(operation);
    return answer;
  }

  /**
   * Opens a transaction, locks the claim in it, runs the work, completes the claim and commits: effect and outcome
   * together or not at all, at every isolation level. While it is open the claim is not renewed and nobody can take
   * it over; should its connection break, lock and transaction end together.
   *
   * @throws {IdempotencyInFlightError} `superseded`, where the claim was lost before; what the work throws, after a
   * rollback; what the driver throws: where that was the commit, nobody knows whether it took place
   */
  async inTransaction<T>(
    options: TransactionOptions,
    work: (client: PostgresQueryable) => Promise<TransactionResult<T>>,
  ): Promise<T> {
    await this.connections.prepare();
    const transaction = new ClaimTransaction(options, {
      held: this.held,
      clock: this.clock,
      extendSql: this.sql.extendWithin,
      complete: (client, request) => this.completeWithin(client, request, options.operation),
    });
    return transaction.run(work);
  }

  /** Gives a claim up. */
  release(request: ReleaseRequest, options?: StoreCallOptions): Promise<ReleaseAnswer> {
    const { storedKey, ownerId, fence } = request;
    return untilGivenUp(options?.signal, async () => {
      const answer = await this.records.release(request, options?.signal);
      if (fence !== undefined) this.held.forget({ storedKey, claim: { ownerId, fence } });
      return answer;
    });
  }

  /** The record as an operator sees it; changes nothing. */
  read(storedKey: string, options?: StoreCallOptions): Promise<RecordView | undefined> {
    return untilGivenUp(options?.signal, () => this.records.read(storedKey));
  }

  /** Makes a record released; answers whether there was one. */
  forget(storedKey: string, options?: StoreCallOptions): Promise<boolean> {
    return untilGivenUp(options?.signal, () => this.records.forget(storedKey, options?.signal));
  }

  /** In batches of at most 1000; rows that another process is sweeping are passed over. */
  sweep(atMost: number, options?: StoreCallOptions): Promise<number> {
    return untilGivenUp(options?.signal, async () => {
      let removed = 0;
      while (removed < atMost && options?.signal?.aborted !== true) {
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
    return untilGivenUp(options?.signal, async () => {
      await this.connections.query('SELECT 1', []);
    });
  }

  /** Ends the store's own pool; one that was given stays open. */
  close(): Promise<void> {
    return this.connections.close();
  }

  private async completeOn(client: unknown, request: CompleteRequest): Promise<ClaimAnswer> {
    if (!isQueryable(client)) throw new TypeError('the transaction must have query(text, values)');
    const answer = claimAnswerOf(await client.query(this.sql.completeWithin, completeValues(request)));
    if (answer !== 'fenced') this.held.completed(request);
    return answer;
  }

  /** A renewal that comes after the method's own transaction has completed the claim is no reason to stop it. */
  private async isCompletedByItself(request: ExtendRequest): Promise<boolean> {
    if (this.held.isLocked(request)) return true;
    if (!this.held.mayBeCompleted(request)) return false;
    const view = await this.records.read(request.storedKey);
    return view?.state === 'completed' && view.fence === request.claim.fence;
  }
}

function isQueryable(client: unknown): client is PostgresQueryable {
  return hasMembers(client, 'query');
}
