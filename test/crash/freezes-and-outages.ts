import { setTimeout as wait } from 'node:timers/promises';
import type { Worker } from './crew.js';
import type { FaultyProxy, NetworkFault } from './faulty-proxy.js';
import type { CallOrder, StoreMoment } from './orders.js';
import type { Seeded } from './seeded.js';
import type { Scenario, Stage } from './stage.js';
import type { ServerFault } from './store-server.js';

const SHORT_LEASE_MS = 600;
const IMPATIENT_MS = 400;
const LANES = 3;
const LONGEST_PART_MS = 150;
const SLOW_RESCUE_MS = 1_500;
const SLOW_SHARE = 0.3;
const PERSISTS_MS = 30_000;
const ASKS_WITHIN_MS = 10_000;
const PAUSE_MS = 50;
const SLACK_MS = 5_000;

/** Owners are stopped for longer than their lease, at random moments, and go on. */
async function freezes(stage: Stage): Promise<void> {
  const settings = { leaseMs: SHORT_LEASE_MS };
  const [rescuer, ...sleepers] = await stage.hireAll(1 + LANES, () => [settings, 0]);
  if (rescuer === undefined) throw new Error('nobody was hired');
  const chances = Array.from({ length: stage.effort.freezeRounds }, () => stage.random.branch());
  const lane = async (sleeper: Worker): Promise<void> => {
    for (let random = chances.shift(); random !== undefined; random = chances.shift()) {
      await freezeOne(sleeper, rescuer, stage.keys(1)[0] ?? '', random);
    }
  };
  await Promise.all(sleepers.map(lane));
}

async function freezeOne(sleeper: Worker, rescuer: Worker, key: string, random: Seeded): Promise<void> {
  const part = (): number => Math.floor(random.between(0, LONGEST_PART_MS));
  const [beforeMs, afterMs, freezeAfterMs] = [part(), part(), part() * 1.5];
  const isSlow = random.next() < SLOW_SHARE;
  const asleepMs = SHORT_LEASE_MS + random.between(100, 700);
  const called = sleeper.call({ key, beforeMs, afterMs });
  await wait(freezeAfterMs);
  sleeper.freeze();
  // Some of the new owners still run when the old one wakes up.
  const rescued = rescuer.call({ key, beforeMs: 0, afterMs: isSlow ? SLOW_RESCUE_MS : 1 });
  await wait(asleepMs);
  sleeper.thaw();
  await Promise.all([called, rescued]);
}

type Outage =
  | { readonly where: 'network'; readonly kind: Exclude<NetworkFault['kind'], 'none'> }
  | { readonly where: 'server'; readonly kind: ServerFault };

const OUTAGES: readonly Outage[] = [
  { where: 'network', kind: 'delay' },
  { where: 'network', kind: 'cut' },
  { where: 'network', kind: 'drop-replies' },
  { where: 'server', kind: 'frozen' },
  { where: 'server', kind: 'killed' },
  { where: 'server', kind: 'stopped' },
];
const MOMENTS: readonly [StoreMoment, ...StoreMoment[]] = ['begin', 'extend', 'complete'];

interface Round {
  readonly outage: Outage;
  readonly moment: StoreMoment;
  readonly random: Seeded;
}

function roundsOf({ effort, random }: Stage): readonly Round[] {
  const { outageRounds, allCombinations } = effort;
  const once = OUTAGES.flatMap((outage, number) => {
    const drawn = MOMENTS[(number + Math.floor(random.next() * MOMENTS.length)) % MOMENTS.length];
    const moments = allCombinations ? MOMENTS : [drawn ?? MOMENTS[0]];
    return moments.map((moment) => ({ outage, moment }));
  });
  const all = Array.from({ length: outageRounds }, () => once).flat();
  return all.map((round) => ({ ...round, random: random.branch() }));
}

/** The store goes away at a given operation of an owner, while others want the key, and comes back. */
async function outages(stage: Stage): Promise<void> {
  const settings = { leaseMs: SHORT_LEASE_MS, storeTimeoutMs: IMPATIENT_MS };
  const proxy = await stage.proxy();
  const url = stage.server.urlAt(proxy.port);
  const [owner, other] = await stage.hireAll(2, (number) => [
    number === 0 ? { ...settings, url } : settings,
    0,
  ]);
  if (owner === undefined || other === undefined) throw new Error('nobody was hired');
  for (const round of roundsOf(stage)) await outageOne({ stage, proxy, owner, other }, round);
}

interface OutageCast {
  readonly stage: Stage;
  readonly proxy: FaultyProxy;
  readonly owner: Worker;
  readonly other: Worker;
}

async function outageOne(cast: OutageCast, { outage, moment, random }: Round): Promise<void> {
  const { stage, owner, other } = cast;
  const key = stage.keys(1)[0] ?? '';
  // Work that is longer than a beat of the lease, where a renewal is what is waited for.
  const beforeMs = random.between(0, moment === 'extend' ? SHORT_LEASE_MS : LONGEST_PART_MS);
  const afterMs = random.between(moment === 'extend' ? SHORT_LEASE_MS : 0, SHORT_LEASE_MS * 1.2);
  const lastsMs = random.between(PAUSE_MS, SHORT_LEASE_MS * 2);
  const asked = owner.asked(ASKS_WITHIN_MS);
  const called = persist(owner, { key, beforeMs, afterMs }, moment);
  if ((await asked) === undefined) throw new Error(`the owner never came to its ${moment}`);
  const undo = await harm(cast, outage, random);
  owner.go();
  const duplicate = persist(other, { key, beforeMs: 0, afterMs: 1 });
  await wait(lastsMs);
  await undo();
  await Promise.all([called, duplicate]);
}

async function harm(
  { stage, proxy }: OutageCast,
  outage: Outage,
  random: Seeded,
): Promise<() => Promise<void>> {
  if (outage.where === 'server') return stage.server.harm(outage.kind);
  const { kind } = outage;
  proxy.set(kind === 'delay' ? { kind, ms: random.between(PAUSE_MS, SHORT_LEASE_MS) } : { kind });
  return async () => proxy.heal();
}

/** As a careful client: with the same key until it has an answer. */
async function persist(
  worker: Worker,
  order: Omit<CallOrder, 'order' | 'id'>,
  asksBefore?: StoreMoment,
): Promise<void> {
  const endMs = performance.now() + PERSISTS_MS;
  let end = await worker.call(asksBefore === undefined ? order : { ...order, asksBefore });
  while (end !== 'own' && end !== 'replay' && end !== 'gone') {
    if (performance.now() > endMs) throw new Error(`${order.key}: no answer within ${PERSISTS_MS} ms`);
    await wait(PAUSE_MS);
    end = await worker.call(order);
  }
}

/** Owners that wake up after others have taken over. */
export const FREEZES: Scenario = {
  name: 'freeze',
  title: 'SIGSTOP of owners past their lease, then SIGCONT',
  expectation: { slackMs: SLACK_MS, isStoreUp: true, leavesRows: true },
  play: freezes,
};

/** Everything that can happen to a store and the way to it. */
export const OUTAGE: Scenario = {
  name: 'outage',
  title: 'the store stopped, killed, frozen, delayed, cut off, its replies lost; at begin, extend, complete',
  expectation: { slackMs: SLACK_MS, isStoreUp: false, leavesRows: true },
  play: outages,
};
