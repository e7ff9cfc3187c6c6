import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { CallContext } from 'nestjs-selfheal';
import type { PostgresIdempotencyStore } from 'nestjs-selfheal/postgres';
import pg from 'pg';
import type { CallOrder, Moment } from './orders.js';

/** What a run has done. */
export interface Charge {
  readonly key: string;
  readonly run: string;
}

/** What bookings need. */
export interface BookingParts {
  readonly store: PostgresIdempotencyStore;
  readonly url: string;
  /** Resolves when the call may go on. */
  before(moment: Moment, key: string): Promise<void>;
}

const CONNECTIONS = 4;
const SERIALIZATION_FAILURE = '40001';

/** Business rows in the database of the records; the table lets a key have any number of them. */
export class Bookings {
  private readonly pool: pg.Pool;
  private readonly open = new Set<string>();

  constructor(private readonly parts: BookingParts) {
    this.pool = new pg.Pool({ connectionString: parts.url, max: CONNECTIONS });
    this.pool.on('error', () => undefined);
  }

  /** Whether a transaction of the key is under way. */
  isOpen(key: string): boolean {
    return this.open.has(key);
  }

  /** Commits a row of the call with its outcome. */
  async book(order: CallOrder, claim: CallContext['idempotency']): Promise<Charge> {
    const { key } = order;
    await this.parts.before('transaction', key);
    this.open.add(key);
    const charge = await this.untilSerialized(order, claim).finally(() => this.open.delete(key));
    await this.parts.before('answer', key);
    return charge;
  }

  private async untilSerialized(order: CallOrder, claim: CallContext['idempotency']): Promise<Charge> {
    for (;;) {
      try {
        return await this.transaction(order, claim);
      } catch (error) {
        if ((error as { readonly code?: string }).code !== SERIALIZATION_FAILURE) throw error;
      }
    }
  }

  private transaction(order: CallOrder, claim: CallContext['idempotency']): Promise<Charge> {
    const { pool, parts } = this;
    const { key, afterMs, isolationLevel = 'read committed' } = order;
    return parts.store.inTransaction({ pool, claim, isolationLevel }, async (client) => {
      const run = randomUUID();
      const row = [key, run, claim?.fence, claim?.recovered, process.pid];
      await client.query(
        'INSERT INTO charges (key, run, fence, recovered, pid) VALUES ($1, $2, $3, $4, $5)',
        row,
      );
      await wait(afterMs);
      await parts.before('commit', key);
      return { key, run };
    });
  }
}
