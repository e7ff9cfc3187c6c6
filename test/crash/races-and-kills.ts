import { setTimeout as wait } from 'node:timers/promises';
import type { Worker } from './crew.js';
import type { Seeded } from './seeded.js';
import type { Scenario, Stage } from './stage.js';

const PROCESSES = 8;
const CALLS_AT_ONCE = 16;
const KEYS_PER_VICTIM = 4;
const LONG_LEASE_MS = 60_000;
const HOUR_MS = 3_600_000;
const LONGEST_PART_MS = 90;
const FAILING_SHARE = 0.1;
const BLIND_SHARE = 0.2;
const ENTERS_WITHIN_MS = 2_000;
/** Upper bounds of time are a guard only: the machine may be busy with other things. */
const SLACK_MS = 5_000;

type ShiftOf = (number: number) => number;
const NO_SHIFT: ShiftOf = () => 0;
/** An hour ahead, an hour behind, and right. */
const HOURS_APART: ShiftOf = (number) => [HOUR_MS, -HOUR_MS, 0][number % 3] ?? 0;

/** All processes call all keys, in the same order and at the same time. */
async function race(stage: Stage, keyCount: number, processes: number, shiftOf: ShiftOf): Promise<void> {
  const workers = await stage.hireAll(processes, (number) => [
    { leaseMs: LONG_LEASE_MS, onInFlight: number % 2 === 0 ? 'wait' : 'reject' },
    shiftOf(number),
  ]);
  const keys = stage.keys(keyCount);
  await Promise.all(workers.map((worker) => worker.race({ keys, atOnce: CALLS_AT_ONCE })));
  await Promise.all(workers.map((worker) => worker.leave()));
}

/** Owners are killed at random moments: before their begin, in it, before and after the effect, while completing. */
async function kills(stage: Stage, rounds: number, shiftOf: ShiftOf): Promise<void> {
  const rescuers = await stage.hireAll(2, (number) => [{}, shiftOf(number + 1)]);
  // Drawn beforehand, so that they do not depend on who is quicker.
  const chances = Array.from({ length: rounds }, () => stage.random.branch());
  const lane = async (): Promise<void> => {
    let next = stage.hire({}, shiftOf(0));
    for (let random = chances.shift(); random !== undefined; random = chances.shift()) {
      const victim = next;
      await victim.ready();
      // The next one comes up while this one is at work.
      if (chances.length > 0) next = stage.hire({}, shiftOf(0));
      await killOne(victim, rescuers, stage.keys(KEYS_PER_VICTIM), random);
    }
  };
  await Promise.all(Array.from({ length: stage.effort.lanes }, lane));
  await Promise.all(rescuers.map((worker) => worker.leave()));
}

async function killOne(
  victim: Worker,
  rescuers: readonly Worker[],
  keys: readonly string[],
  random: Seeded,
): Promise<void> {
  const part = (): number => Math.floor(random.between(0, LONGEST_PART_MS));
  // Most of them own something by then; some are killed while they begin.
  const isBlind = random.next() < BLIND_SHARE;
  const killAfterMs = random.between(0, LONGEST_PART_MS * 2);
  const calls = keys.map((key) => ({ key, beforeMs: part(), afterMs: part(), startMs: part() / 2 }));
  const failing = new Set(keys.filter(() => random.next() < FAILING_SHARE));
  const helps = keys.flatMap((key) =>
    rescuers.map((worker) => ({ key, worker, startMs: random.between(0, LONGEST_PART_MS * 4) })),
  );
  const entered = isBlind ? Promise.resolve() : victim.enters(ENTERS_WITHIN_MS);
  const victims = calls.map(async ({ startMs, ...call }) => {
    await wait(startMs);
    return victim.call({ ...call, fails: failing.has(call.key) });
  });
  const helped = helps.map(async ({ key, worker, startMs }) => {
    await wait(startMs);
    return worker.call({ key, beforeMs: 0, afterMs: 1 });
  });
  await entered;
  await wait(killAfterMs);
  await victim.kill();
  // Whatever has become of those calls: each of its keys is wanted when it is dead.
  const asked = helps.map(({ key, worker }) => worker.call({ key, beforeMs: 0, afterMs: 1 }));
  await Promise.all([...victims, ...helped, ...asked]);
}

/** 8 processes race for keys. */
export const RACE: Scenario = {
  name: 'race',
  title: '8 processes race for the same keys',
  expectation: { slackMs: SLACK_MS, isStoreUp: true, leavesRows: false },
  play: (stage) => race(stage, stage.effort.raceKeys, PROCESSES, NO_SHIFT),
};

/** Random owners die at random moments. */
export const KILLS: Scenario = {
  name: 'kill',
  title: 'kill -9 of owners at random moments',
  expectation: { slackMs: SLACK_MS, isStoreUp: true, leavesRows: true },
  play: (stage) => kills(stage, stage.effort.killRounds, NO_SHIFT),
};

/** The same where no two processes agree on the time. */
export const SHIFTED: Scenario = {
  name: 'clocks',
  title: 'clients whose clocks are an hour ahead and behind race, and are killed',
  expectation: { slackMs: SLACK_MS, isStoreUp: true, leavesRows: true },
  play: async (stage) => {
    await race(stage, stage.effort.shiftedKeys, 3, HOURS_APART);
    await kills(stage, stage.effort.shiftedKills, HOURS_APART);
  },
};
