import { randomFillSync } from 'node:crypto';

const OWNER_BYTES = 16;
const POOLED_IDS = 256;

/** Random names of owners, 128 bits each. Drawn many at a time: a draw of its own would cost more than the rest of a claim. */
export class OwnerIds {
  private readonly pool = Buffer.alloc(OWNER_BYTES * POOLED_IDS);
  private at = this.pool.length;

  next(): string {
    if (this.at === this.pool.length) {
      randomFillSync(this.pool);
      this.at = 0;
    }
    const from = this.at;
    this.at += OWNER_BYTES;
    return this.pool.toString('hex', from, this.at);
  }
}
