import type { Clock } from '../../core/index.js';
import {
  type BeginAnswer,
  type BeginRequest,
  type ClaimAnswer,
  type CompleteRequest,
  type ExtendRequest,
  FORGOTTEN_RETENTION_MS,
  type RecordView,
  type ReleaseAnswer,
  type ReleaseRequest,
} from '../../policies/idempotency/index.js';
import { lookAgain } from './look-again.js';
import { isConflict, isLockTimeout, type PostgresQueryable } from './postgres-clients.js';
import { beginReplyOf, Row, viewOfRow } from './postgres-replies.js';
import type { PostgresStatements } from './postgres-statements.js';
import type { Waiting } from './while-asked.js';
import { claimAnswerOf, completeValues, extendValues, keyOf } from './postgres-values.js';

const RELEASE_ANSWERS: readonly ReleaseAnswer[] = ['ok', 'fenced', 'gone'];
/** A claim whose statement waited longer is sent again, so that its lease counts from when it was obtained. */
const TOLERATED_WAIT_MS = 50;

/** Where records are, and how long is waited for one of them. */
export interface RecordsParts {
  readonly connection: PostgresQueryable;
  readonly sql: PostgresStatements;
  readonly lockTimeoutMs: number;
  readonly clock: Clock;
}

/** The operations of the store as statements, sent again where they were overtaken and somebody still waits. */
export class PostgresRecords {
  constructor(private readonly parts: RecordsParts) {}

  /** Never an error, and never acquired, because of others: who cannot get the row finds it busy. */
  async begin(request: BeginRequest, signal?: Waiting): Promise<BeginAnswer> {
    const busy = { kind: 'busy', leaseLeftMs: this.parts.lockTimeoutMs } as const;
    try {
      const { clock } = this.parts;
      return (await lookAgain({ clock, signal }, () => this.beginOnce(request, signal))) ?? busy;
    } catch (error) {
      if (isLockTimeout(error)) return busy;
      throw error;
    }
  }

  async extend(request: ExtendRequest, signal?: Waiting): Promise<ClaimAnswer> {
    const values = extendValues(request);
    return this.always(signal, async () => claimAnswerOf(await this.send('extend', values)));
  }

  async complete(request: CompleteRequest, signal?: Waiting): Promise<ClaimAnswer> {
    const values = completeValues(request);
    return this.always(signal, async () => claimAnswerOf(await this.send('complete', values)));
  }

  async release(request: ReleaseRequest, signal?: Waiting): Promise<ReleaseAnswer> {
    const { storedKey, ownerId, fence = null, retentionMs, recoveredRetentionMs } = request;
    const values = [keyOf(storedKey), ownerId, fence, retentionMs, recoveredRetentionMs];
    return this.always(signal, async () => {
      const answer = Row.of(await this.send('release', values))?.text('answer');
      return RELEASE_ANSWERS.find((each) => each === answer);
    });
  }

  async forget(storedKey: string, signal?: Waiting): Promise<boolean> {
    const values = [keyOf(storedKey), FORGOTTEN_RETENTION_MS];
    return this.always(signal, async () => (await this.send('forget', values)).rows.length > 0);
  }

  async read(storedKey: string): Promise<RecordView | undefined> {
    const { connection, sql } = this.parts;
    return viewOfRow(Row.of(await connection.query(sql.read, [keyOf(storedKey)])));
  }

  /** One batch; rows that somebody else has locked are passed over, and so is a batch that met another one. */
  async sweep(atMost: number): Promise<number> {
    const { connection, sql } = this.parts;
    try {
      return Row.of(await connection.query(sql.sweep, [atMost]))?.number('removed') ?? 0;
    } catch (error) {
      if (isConflict(error)) return 0;
      throw error;
    }
  }

  private async beginOnce(request: BeginRequest, signal?: Waiting): Promise<BeginAnswer | undefined> {
    const { storedKey, fingerprint, ownerId, leaseMs, retentionMs } = request;
    const values = [keyOf(storedKey), fingerprint, ownerId, leaseMs, retentionMs];
    const reply = beginReplyOf(Row.of(await this.send('begin', values)), ownerId);
    // An insert that waited for another one to be rolled back has the lease of before.
    const waitedMs = reply?.answer.kind === 'acquired' ? leaseMs - reply.leaseLeftMs : 0;
    if (signal?.aborted === true) return reply?.answer;
    return waitedMs > TOLERATED_WAIT_MS ? this.renewed(request, reply?.answer) : reply?.answer;
  }

  /** The same claim with its whole lease; whether it was a takeover was said the first time. */
  private async renewed(
    request: BeginRequest,
    first: BeginAnswer | undefined,
  ): Promise<BeginAnswer | undefined> {
    const { storedKey, fingerprint, ownerId, leaseMs, retentionMs } = request;
    const values = [keyOf(storedKey), fingerprint, ownerId, leaseMs, retentionMs];
    const again = beginReplyOf(Row.of(await this.send('begin', values)), ownerId)?.answer;
    const isSame =
      again?.kind === 'acquired' && first?.kind === 'acquired' && again.claim.fence === first.claim.fence;
    return isSame ? first : again;
  }

  private send(
    operation: 'begin' | 'extend' | 'complete' | 'release' | 'forget',
    values: readonly unknown[],
  ) {
    const { connection, sql, lockTimeoutMs } = this.parts;
    return connection.query(sql[operation], [...values, String(lockTimeoutMs)]);
  }

  /**
   * An owner goes on waiting for its row: it is locked only for moments, by begins that come to nothing, though by
   * many of them one after another where the server's disk is slow. `signal` says when nobody waits any longer.
   */
  private async always<T>(signal: Waiting | undefined, look: () => Promise<T | undefined>): Promise<T> {
    const { clock } = this.parts;
    const answer = await lookAgain({ clock, signal, alsoAfter: isLockTimeout }, look);
    if (answer === undefined) throw new Error('the PostgreSQL store was overtaken by others again and again');
    return answer;
  }
}
