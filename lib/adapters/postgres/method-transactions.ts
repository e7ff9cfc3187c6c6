import type { CallIdempotency, Clock } from '../../core/index.js';
import {
  type ClaimAnswer,
  type CompleteRequest,
  type ExtendRequest,
  methodClaimOf,
} from '../../policies/idempotency/index.js';
import { HeldClaims } from './held-claims.js';
import { hasMembers, type PostgresQueryable } from './postgres-clients.js';
import type { PostgresRecords } from './postgres-records.js';
import type { PostgresStatements } from './postgres-statements.js';
import { ClaimTransaction, type ForeignTransactionOptions } from './postgres-transaction.js';
import { claimAnswerOf, claimLost, completeValues } from './postgres-values.js';

/** What transactions of methods need of their store. */
export interface MethodTransactionsParts {
  readonly records: PostgresRecords;
  readonly sql: PostgresStatements;
  readonly clock: Clock;
  /** As methods' claims know it. */
  readonly store: unknown;
  /** Creates what is missing. */
  prepare(): Promise<void>;
}

/** Completes claims in transactions of their methods, and knows which renewals come too late for them. */
export class MethodTransactions {
  readonly held = new HeldClaims();

  constructor(private readonly parts: MethodTransactionsParts) {}

  async run<T, Tx>(
    { open, claim }: ForeignTransactionOptions<Tx>,
    work: (transaction: Tx) => Promise<T>,
  ): Promise<T> {
    if (claim === undefined) return open((_, transaction) => work(transaction));
    const method = methodClaimOf(claim);
    const { clock, sql, store, prepare } = this.parts;
    await prepare();
    const transaction = new ClaimTransaction(method, open, {
      held: this.held,
      clock,
      extendSql: sql.extendWithin,
      complete: (client, request) => this.mustComplete(client, request, method.operation),
    });
    const outcome = await transaction.run(work);
    method.committed(outcome, store);
    this.held.forget(method.renewal);
    // Of this work, or of the same work under the same claim.
    return outcome.value as T;
  }

  async completeWithin(
    client: PostgresQueryable,
    claim: CallIdempotency | undefined,
    value: unknown,
  ): Promise<void> {
    if (claim === undefined) return;
    const method = methodClaimOf(claim);
    const request = await method.completionWith(value);
    method.prepared();
    await this.mustComplete(client, request, method.operation);
  }

  async completeOn(client: unknown, request: CompleteRequest): Promise<ClaimAnswer> {
    if (!isQueryable(client)) throw new TypeError('the transaction must have query(text, values)');
    const { sql } = this.parts;
    const answer = claimAnswerOf(await client.query(sql.completeWithin, completeValues(request)));
    if (answer !== 'fenced') this.held.completed(request);
    return answer;
  }

  /** A renewal that comes after the method's own transaction has completed the claim is no reason to stop it. */
  async isCompletedByItself(request: ExtendRequest): Promise<boolean> {
    if (this.held.isLocked(request)) return true;
    if (!this.held.mayBeCompleted(request)) return false;
    const view = await this.parts.records.read(request.storedKey);
    return view?.state === 'completed' && view.fence === request.claim.fence;
  }

  private async mustComplete(
    client: PostgresQueryable,
    request: CompleteRequest,
    operation: string,
  ): Promise<void> {
    if ((await this.completeOn(client, request)) === 'fenced') throw claimLost(operation);
  }
}

function isQueryable(client: unknown): client is PostgresQueryable {
  return hasMembers(client, 'query');
}
