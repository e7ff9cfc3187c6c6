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
  StoreQuestion,
} from '../../policies/idempotency/index.js';
import { untilGivenUp } from '../../core/given-up.js';
import { beginAnswerOf, Reply, viewOfReply } from './redis-replies.js';
import { REDIS_SCRIPTS } from './redis-scripts.js';
import { redisWarnings } from './redis-warnings.js';
import {
  type RedisIdempotencyStoreOptions,
  type ResolvedRedisOptions,
  type ResolvedReplicaWait,
  resolveRedisOptions,
} from './redis.options.js';

type Operation = keyof typeof REDIS_SCRIPTS;

/** From here on a number is written with an exponent. */
const LEAST_WITH_EXPONENT = 1e21;
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
    return this.asked(options, () => {
      const args = [fingerprint, ownerId, whole(leaseMs), whole(retentionMs)];
      const answer = this.run('begin', storedKey, args, (reply) => beginAnswerOf(reply, ownerId));
      return this.copied(answer, ({ kind }) => kind === 'acquired');
    });
  }

  /** Renews the lease of the current claim. */
  extend(request: ExtendRequest, options?: StoreCallOptions): Promise<ClaimAnswer> {
    const { storedKey, leaseMs, retentionMs } = request;
    return this.asked(options, () => {
      const args = [...claimArgs(request), whole(leaseMs), whole(retentionMs)];
      return this.run('extend', storedKey, args, claimAnswerOf);
    });
  }

  /** Keeps the outcome of the current claim. @throws where it is given a transaction: Redis cannot commit with anything else */
  complete(request: CompleteRequest, options?: CompleteOptions): Promise<ClaimAnswer> {
    const { storedKey, outcome, retentionMs } = request;
    return this.asked(options, () => {
      if (options?.transaction !== undefined) {
        return Promise.reject(new Error('the Redis store knows no transactions'));
      }
      const { kind, metadata, body } = outcome;
      const args = [...claimArgs(request), whole(retentionMs), kind, metadata, bufferOf(body)];
      return this.copied(
        this.run('complete', storedKey, args, claimAnswerOf),
        (answer) => answer !== 'fenced',
      );
    });
  }

  /** Gives a claim up. */
  release(request: ReleaseRequest, options?: StoreCallOptions): Promise<ReleaseAnswer> {
    const { storedKey, ownerId, fence = '', retentionMs, recoveredRetentionMs } = request;
    return this.asked(options, () => {
      const args = [ownerId, fence, whole(retentionMs), whole(recoveredRetentionMs)];
      return this.run('release', storedKey, args, (reply) => reply.oneOf(0, RELEASE_ANSWERS));
    });
  }

  /** The record as an operator sees it; changes nothing. */
  read(storedKey: string, options?: StoreCallOptions): Promise<RecordView | undefined> {
    return this.asked(options, () => this.run('read', storedKey, [], viewOfReply));
  }

  /** Makes a record released; answers whether there was one. */
  forget(storedKey: string, options?: StoreCallOptions): Promise<boolean> {
    const args = [whole(FORGOTTEN_RETENTION_MS)];
    return this.asked(options, () => this.run('forget', storedKey, args, (reply) => reply.text(0) === 'ok'));
  }

  /** Nothing to do: the server removes what is over by itself. Always 0. */
  sweep(_atMost: number, options?: StoreCallOptions): Promise<number> {
    return this.asked(options, () => Promise.resolve(0));
  }

  /** Resolves where the store can be reached. */
  ping(options?: StoreCallOptions): Promise<void> {
    return this.asked(options, () => this.resolved.commands.ping().then(() => undefined));
  }

  /** An evicting server and a client with an offline queue; a setting that cannot be read is passed over. */
  warnings(options?: StoreCallOptions): Promise<readonly string[]> {
    const { commands, clock } = this.resolved;
    return redisWarnings(commands, clock, options?.signal);
  }

  /** Ends when nobody waits any more. A question of the engine's ends by itself, and a signal is dear. */
  private asked<T>(options: StoreCallOptions | undefined, work: () => Promise<T>): Promise<T> {
    return options instanceof StoreQuestion ? work() : untilGivenUp(options?.signal, work);
  }

  /** By digest, and by text where the server does not know it: after a restart, a flush, a failover. */
  private run<A>(
    operation: Operation,
    storedKey: string,
    args: readonly (string | Buffer)[],
    read: (reply: Reply) => A,
  ): Promise<A> {
    const { commands, namespace } = this.resolved;
    const { sha1, text } = REDIS_SCRIPTS[operation];
    const key = `${namespace}:${storedKey}`;
    const answer = (reply: unknown): A => read(Reply.of(reply));
    return commands.evalSha(sha1, key, args).then(answer, (error: unknown) => {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return commands.eval(text, key, args).then(answer);
    });
  }

  /** What was written waits for its copies, where that was asked for. */
  private copied<A>(answer: Promise<A>, hasWritten: (answer: A) => boolean): Promise<A> {
    const { waitForReplicas } = this.resolved;
    return waitForReplicas === undefined
      ? answer
      : answer.then((given) => (hasWritten(given) ? this.replicated(given, waitForReplicas) : given));
  }

  private async replicated<A>(answer: A, { replicas, atMostMs }: ResolvedReplicaWait): Promise<A> {
    await this.resolved.commands.wait(replicas, atMostMs);
    return answer;
  }
}

function claimAnswerOf(reply: Reply): ClaimAnswer {
  return reply.oneOf(0, CLAIM_ANSWERS);
}

function claimArgs({ claim, fingerprint }: ClaimRequest): readonly string[] {
  const { ownerId, fence, attempts, recovered } = claim;
  return [ownerId, fence, String(attempts), recovered ? '1' : '0', fingerprint];
}

/** Milliseconds as the server counts them, at least one. */
function whole(milliseconds: number): string {
  const count = Math.max(1, Math.ceil(milliseconds));
  return count < LEAST_WITH_EXPONENT ? String(count) : BigInt(count).toString();
}

function bufferOf(body: Uint8Array): Buffer {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}
