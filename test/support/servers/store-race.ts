import { randomBytes } from 'node:crypto';
import { expect } from '@jest/globals';
import type { IdempotencyStore } from '../../../lib/policies/idempotency/index.js';
import type { RaceAnswer, StoreRivals } from './store-rivals.js';

const PROCESSES = 4;
const BEGINS = 20;
/** Longer than any race: the processes do not keep pace with each other. */
const RACE_MS = 3_600_000;
const KEYS_OF_CASES = 300;
const RACE_KEYS = process.env['CONTRACT_RACE_KEYS'];
/** For each key that is raced for, on a slow machine. */
const KEY_MS = 400;

/** How many keys the processes of a suite race for: CONTRACT_RACE_KEYS, or 300 as the cases say, or fewer. */
export function raceKeys(usual = KEYS_OF_CASES): { readonly count: number; readonly atMostMs: number } {
  const count = RACE_KEYS === undefined ? usual : Number(RACE_KEYS);
  if (!Number.isInteger(count) || count < 1)
    throw new Error('CONTRACT_RACE_KEYS must be a whole number from 1');
  return { count, atMostMs: Math.max(120_000, count * KEY_MS) };
}

/** Keys that nobody has used. */
export function freshKeys(count: number): readonly string[] {
  return Array.from({ length: count }, () => randomBytes(32).toString('hex'));
}

function byKey(answers: readonly RaceAnswer[]): ReadonlyMap<string, readonly RaceAnswer[]> {
  const groups = new Map<string, RaceAnswer[]>();
  for (const answer of answers) groups.set(answer.key, [...(groups.get(answer.key) ?? []), answer]);
  return groups;
}

/** Exactly one of 80 begins owns each key, the others get one of these answers. */
export async function expectOneOwner(
  rivals: StoreRivals,
  keys: readonly string[],
  { completes }: { readonly completes: boolean },
): Promise<void> {
  const answers = await rivals.race({
    keys,
    processes: PROCESSES,
    begins: BEGINS,
    leaseMs: RACE_MS,
    completes,
  });

  const others = completes ? ['busy', 'completed'] : ['busy'];
  const groups = byKey(answers);
  expect(groups.size).toBe(keys.length);
  for (const group of groups.values()) {
    expect(group.length).toBe(PROCESSES * BEGINS);
    expect(group.filter(({ kind }) => kind === 'acquired').length).toBe(1);
    expect(group.every(({ kind }) => kind === 'acquired' || others.includes(kind))).toBe(true);
  }
}

/** Exactly one of 80 begins takes over each claim that ended in silence. */
export async function expectOneTakeover(
  rivals: StoreRivals,
  store: IdempotencyStore,
  keys: readonly string[],
): Promise<void> {
  const old = new Map<string, string>();
  for (const storedKey of keys) {
    const times = { leaseMs: 1, retentionMs: RACE_MS };
    const answer = await store.begin({ storedKey, ownerId: 'dead', fingerprint: 'v1:a', ...times });
    if (answer.kind === 'acquired') old.set(storedKey, answer.claim.fence);
  }

  const race = { keys, processes: PROCESSES, begins: BEGINS, leaseMs: RACE_MS, completes: false };
  const answers = await rivals.race(race);

  for (const [key, group] of byKey(answers)) {
    const owners = group.filter(({ kind }) => kind === 'acquired');
    expect(owners.length).toBe(1);
    expect(owners[0]).toMatchObject({ attempts: 2, recovered: true });
    expect(BigInt(owners[0]?.fence ?? 0) > BigInt(old.get(key) ?? 0)).toBe(true);
  }
}
