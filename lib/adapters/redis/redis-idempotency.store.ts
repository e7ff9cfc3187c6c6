import {
  type BeginAnswer,
  type BeginRequest,
  type ClaimAnswer,
  type ClaimRequest,
  type CompleteOptions,
  type CompleteRequest,
  type ExtendRequest,
  FORGOTTEN_RETENTION_MS,
  type IdempotencyStore,
  type RecordView,
  type ReleaseAnswer,
  type ReleaseRequest,
  type StoreCallOptions,
} from '../../policies/idempotency/index.js';
import { untilGivenUp } from '../../core/given-up.js';
import { beginAnswerOf, Reply, viewOfReply } from './redis-replies.js';
import { REDIS_SCRIPTS } from './redis-scripts.js';
import { redisWarnings } from './redis-warnings.js';
import {
  type RedisIdempotencyStoreOptions,
  type ResolvedRedisOptions,
  resolveRedisOptions,
} from './redis.options.js';

type Operation = keyof typeof REDIS_SCRIPTS;

const CLAIM_ANSWERS: readonly ClaimAnswer[] = ['ok', 'recreated', 'fenced'];
const RELEASE_ANSWERS: readonly ReleaseAnswer[] = ['ok', 'fenced', 'gone'];

/**
 * Keeps records in Redis (5 or above), a cluster included, for any number of processes. Every operation is one
 * script with one key, decided by the server's clock. The promises hold as long as the server keeps the writes it
 * acknowledged: eviction, a restart without persistence, or a failover to a replica that lacks them lose records.
 */
export class RedisIdempotencyStore implements IdempotencyStore {
  private readonly resolved: ResolvedRedisOptions;

  /** @throws {InvalidOptionsError} where `client` is no client, or an option cannot be meant */
  constructor(options: RedisIdempotencyStoreOptions) {
    this.resolved = resolveRedisOptions(options);
  }

  /** Decides in one atomic step, by the clock of the store. */
  begin(request: BeginRequest, options?: StoreCallOptions): Promise<BeginAnswer> {
    const { storedKey, fingerprint, ownerId, leaseMs, retentionMs } = request;
    return untilGivenUp(options?.signal, async () => {
      const args = [fingerprint, ownerId, whole(leaseMs), whole(retentionMs)];
      const answer = beginAnswerOf(await this.run('begin', storedKey, args), ownerId);
      if (answer.kind === 'acquired') await this.replicate();
      return answer;
    });
  }

  /** Renews the lease of the current claim. */
  extend(request: ExtendRequest, options?: StoreCallOptions): Promise<ClaimAnswer> {
    const { storedKey, leaseMs, retentionMs } = request;
    return untilGivenUp(options?.signal, async () => {
      const args = [...claimArgs(request), whole(leaseMs), whole(retentionMs)];
      return (await this.run('extend', storedKey, args)).oneOf(0, CLAIM_ANSWERS);
    });
  }

  /** Keeps the outcome of the current claim. @throws where it is given a transaction: Redis cannot commit with anything else */
  complete(request: CompleteRequest, options?: CompleteOptions): Promise<ClaimAnswer> {
    const { storedKey, outcome, retentionMs } = request;
    return untilGivenUp(options?.signal, async () => {
      if (options?.transaction !== undefined) throw new Error('the Redis store knows no transactions');
      const { kind, metadata, body } = outcome;
      const args = [...claimArgs(request), whole(retentionMs), kind, metadata, bufferOf(body)];
      const answer = (await this.run('complete', storedKey, args)).oneOf(0, CLAIM_ANSWERS);
      if (answer !== 'fenced') await this.replicate();
      return answer;
    });
  }

  /** Gives a claim up. */
  release(request: ReleaseRequest, options?: StoreCallOptions): Promise<ReleaseAnswer> {
    const { storedKey, ownerId, fence = '', retentionMs, recoveredRetentionMs } = request;
    return untilGivenUp(options?.signal, async () => {
      const args = [ownerId, fence, whole(retentionMs), whole(recoveredRetentionMs)];
      return (await this.run('release', storedKey, args)).oneOf(0, RELEASE_ANSWERS);
    });
  }

  /** The record as an operator sees it; changes nothing. */
  read(storedKey: string, options?: StoreCallOptions): Promise<RecordView | undefined> {
    return untilGivenUp(options?.signal, async () => viewOfReply(await this.run('read', storedKey, [])));
  }

  /** Makes a record released; answers whether there was one. */
  forget(storedKey: string, options?: StoreCallOptions): Promise<boolean> {
    return untilGivenUp(options?.signal, async () => {
      const reply = await this.run('forget', storedKey, [whole(FORGOTTEN_RETENTION_MS)]);
      return reply.text(0) === 'ok';
    });
  }

  /** Nothing to do: the server removes what is over by itself. Always 0. */
  sweep(_atMost: number, options?: StoreCallOptions): Promise<number> {
    return untilGivenUp(options?.signal, async () => 0);
  }

  /** Resolves where the store can be reached. */
  ping(options?: StoreCallOptions): Promise<void> {
    return untilGivenUp(options?.signal, async () => {
      await this.resolved.commands.ping();
    });
  }

  /** An evicting server and a client with an offline queue; a setting that cannot be read is passed over. */
  warnings(options?: StoreCallOptions): Promise<readonly string[]> {
    const { commands, clock } = this.resolved;
    return redisWarnings(commands, clock, options?.signal);
  }

  /** By digest, and by text where the server does not know it: after a restart, a flush, a failover. */
  private async run(
    operation: Operation,
    storedKey: string,
    args: readonly (string | Buffer)[],
  ): Promise<Reply> {
    const { commands, namespace } = this.resolved;
    const { sha1, text } = REDIS_SCRIPTS[operation];
    const key = `${namespace}:${storedKey}`;
    try {
      return Reply.of(await commands.evalSha(sha1, key, args));
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return Reply.of(await commands.eval(text, key, args));
    }
  }

  private async replicate(): Promise<void> {
    const { commands, waitForReplicas } = this.resolved;
    if (waitForReplicas === undefined) return;
    await commands.wait(waitForReplicas.replicas, waitForReplicas.atMostMs);
  }
}

function claimArgs({ claim, fingerprint }: ClaimRequest): readonly string[] {
  const { ownerId, fence, attempts, recovered } = claim;
  return [ownerId, fence, String(attempts), recovered ? '1' : '0', fingerprint];
}

/** Milliseconds as the server counts them, at least one. */
function whole(milliseconds: number): string {
  return BigInt(Math.max(1, Math.ceil(milliseconds))).toString();
}

function bufferOf(body: Uint8Array): Buffer {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}
