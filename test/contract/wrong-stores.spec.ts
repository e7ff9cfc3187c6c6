import { describe, expect, it } from '@jest/globals';
import {
  decideExtend,
  decideForget,
  decideRelease,
  type IdempotencyStore,
} from '../../lib/policies/idempotency/index.js';
import { IDEMPOTENCY_STORE_CONTRACT } from '../../lib/testing/idempotency-store-contract.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';
import { HonestStore } from './honest-store.js';

type Wrong = (store: HonestStore) => Partial<IdempotencyStore>;

/** Lets what was begun at the same time come in between. */
async function soon(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await undefined;
}

/** Mistakes that a store of one's own is likely to make, each in the operation that it is made in. */
const MISTAKES: Readonly<Record<string, Wrong>> = {
  'a busy begin renews the lease of the owner': (store) => ({
    async begin(request, options) {
      const answer = await store.begin(request, options);
      const leaseEndMs = store.nowMs + request.leaseMs;
      if (answer.kind === 'busy') store.change(request.storedKey, { leaseEndMs });
      return answer;
    },
  }),
  'a replay renews the retention': (store) => ({
    async begin(request, options) {
      const answer = await store.begin(request, options);
      const retentionEndMs = store.nowMs + request.retentionMs;
      if (answer.kind === 'completed') store.change(request.storedKey, { retentionEndMs });
      return answer;
    },
  }),
  'a begin that is sent again renews no retention': (store) => ({
    async begin(request, options) {
      const before = store.live(request.storedKey);
      const answer = await store.begin(request, options);
      const isAgain = before?.state === 'in-progress' && before.ownerId === request.ownerId;
      if (isAgain) store.change(request.storedKey, { retentionEndMs: before.retentionEndMs });
      return answer;
    },
  }),
  'a completion looks at the fence alone': (store) => ({
    complete(request, options) {
      const found = store.live(request.storedKey);
      const isHeld = found !== undefined && found.state !== 'released' && found.fence === request.claim.fence;
      const claim = isHeld ? { ...request.claim, ownerId: found.ownerId } : request.claim;
      return store.complete({ ...request, claim }, options);
    },
  }),
  'a renewal looks at the fence alone': (store) => ({
    extend(request, options) {
      const found = store.live(request.storedKey);
      const isHeld = found !== undefined && found.state !== 'released' && found.fence === request.claim.fence;
      const claim = isHeld ? { ...request.claim, ownerId: found.ownerId } : request.claim;
      return store.extend({ ...request, claim }, options);
    },
  }),
  'a second completion renews the retention': (store) => ({
    async complete(request, options) {
      const before = store.live(request.storedKey);
      const answer = await store.complete(request, options);
      const retentionEndMs = store.nowMs + request.retentionMs;
      if (before?.state === 'completed') store.change(request.storedKey, { retentionEndMs });
      return answer;
    },
  }),
  'a second release renews the retention': (store) => ({
    async release(request, options) {
      const before = store.live(request.storedKey);
      const answer = await store.release(request, options);
      const retentionEndMs = store.nowMs + request.retentionMs;
      if (before?.state === 'released') store.change(request.storedKey, { retentionEndMs });
      return answer;
    },
  }),
  'a completion that writes anew counts from one': (store) => ({
    async complete(request, options) {
      const answer = await store.complete(request, options);
      if (answer === 'recreated') store.change(request.storedKey, { attempts: 1, recovered: false });
      return answer;
    },
  }),
  'a completion after the retention is fenced': (store) => ({
    complete(request, options) {
      const isOver = store.records.has(request.storedKey) && store.live(request.storedKey) === undefined;
      return isOver ? Promise.resolve('fenced') : store.complete(request, options);
    },
  }),
  'a record that is over is forgotten once more': (store) => ({
    async forget(key, options) {
      const isThere = store.records.has(key);
      return (await store.forget(key, options)) || isThere;
    },
  }),
  'what is forgotten is kept for a minute at most': (store) => ({
    async forget(key, options) {
      const isForgotten = await store.forget(key, options);
      store.change(key, { retentionEndMs: store.nowMs + 60_000 });
      return isForgotten;
    },
  }),
  'released records are swept': (store) => ({
    sweep(atMost, options) {
      for (const [key, { state }] of store.records) if (state === 'released') store.records.delete(key);
      return store.sweep(atMost, options);
    },
  }),
  'a sweep answers what it was asked for': (store) => ({
    async sweep(atMost, options) {
      await store.sweep(atMost, options);
      return atMost;
    },
  }),
  'a column holds 255 characters of metadata': (store) => ({
    complete(request, options) {
      const { outcome } = request;
      const cut = { ...outcome, metadata: outcome.metadata.slice(0, 255) };
      return store.complete({ ...request, outcome: cut }, options);
    },
  }),
  'a column holds 64 KiB of body': (store) => ({
    complete(request, options) {
      const { outcome } = request;
      const cut = { ...outcome, body: outcome.body.subarray(0, 65_535) };
      return store.complete({ ...request, outcome: cut }, options);
    },
  }),
  'a column holds 63 characters of a key': (store) => ({
    begin: (request, options) =>
      store.begin({ ...request, storedKey: request.storedKey.slice(0, 63) }, options),
    complete: (request, options) =>
      store.complete({ ...request, storedKey: request.storedKey.slice(0, 63) }, options),
    read: (key, options) => store.read(key.slice(0, 63), options),
  }),
  'a transaction is passed over': (store) => ({
    complete: (request, options) => store.complete(request, { signal: options?.signal }),
  }),
  'a renewal looks first and writes later': (store) => ({
    async extend(request, options) {
      options?.signal?.throwIfAborted();
      const found = store.records.get(request.storedKey);
      await soon();
      return store.decided(request.storedKey, decideExtend(found, request, store.nowMs));
    },
  }),
  'a release looks first and writes later': (store) => ({
    async release(request, options) {
      options?.signal?.throwIfAborted();
      const found = store.records.get(request.storedKey);
      await soon();
      return store.decided(request.storedKey, decideRelease(found, request, store.nowMs));
    },
  }),
  'forgetting looks first and writes later': (store) => ({
    async forget(key, options) {
      options?.signal?.throwIfAborted();
      const found = store.records.get(key);
      await soon();
      return store.decided(key, decideForget(found, store.nowMs));
    },
  }),
  'a sweep looks first and removes later': (store) => ({
    async sweep(atMost, options) {
      options?.signal?.throwIfAborted();
      const over = [...store.records.keys()].filter((key) => store.live(key) === undefined).slice(0, atMost);
      await soon();
      for (const key of over) store.records.delete(key);
      return over.length;
    },
  }),
};

/** The store with some of its operations replaced. */
function mistaken(store: HonestStore, wrong: Wrong): IdempotencyStore {
  const right: IdempotencyStore = {
    begin: (request, options) => store.begin(request, options),
    extend: (request, options) => store.extend(request, options),
    complete: (request, options) => store.complete(request, options),
    release: (request, options) => store.release(request, options),
    read: (key, options) => store.read(key, options),
    forget: (key, options) => store.forget(key, options),
    sweep: (atMost, options) => store.sweep(atMost, options),
    ping: (options) => store.ping(options),
  };
  return { ...right, ...wrong(store) };
}

/** The cases that such a store does not pass. */
async function refusals(wrong: Wrong): Promise<readonly string[]> {
  const refused: string[] = [];
  for (const { name, run } of IDEMPOTENCY_STORE_CONTRACT) {
    const clock = new ManualClock();
    const store = mistaken(new HonestStore(clock), wrong);
    await run({ store, pass: (milliseconds) => clock.advance(milliseconds) }).catch(() => refused.push(name));
  }
  return refused;
}

describe('the contract of the store', () => {
  it('is kept by the tables of the rule over a map', async () => {
    expect(await refusals(() => ({}))).toEqual([]);
  });

  it.each(Object.entries(MISTAKES))('is not kept where %s', async (_, wrong) => {
    expect(await refusals(wrong)).not.toEqual([]);
  });
});
