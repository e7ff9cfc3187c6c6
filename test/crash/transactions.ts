import { setTimeout as wait } from 'node:timers/promises';
import { Client } from 'pg';
import type { Worker } from './crew.js';
import type { IsolationLevel, Moment } from './orders.js';
import type { Seeded } from './seeded.js';
import type { Scenario, Stage } from './stage.js';

const LEASE_MS = 600;
const LONGEST_PART_MS = 90;
const ASKS_WITHIN_MS = 10_000;
const ENTERS_WITHIN_MS = 2_000;
const SLACK_MS = 5_000;

const LEVELS: readonly [IsolationLevel, ...IsolationLevel[]] = [
  'read committed',
  'repeatable read',
  'serializable',
];
/** Before the transaction, between row and commit, between commit and answer; or whenever it may be. */
const MOMENTS: readonly (Moment | undefined)[] = ['transaction', 'commit', 'answer', undefined];

interface Round {
  readonly harm: 'kill' | 'freeze';
  readonly moment: Moment | undefined;
  readonly random: Seeded;
}

/** Each harm at each moment, again and again. */
function roundsOf({ effort, random }: Stage): Round[] {
  const kinds = MOMENTS.flatMap((moment) => [
    { harm: 'kill' as const, moment },
    { harm: 'freeze' as const, moment },
  ]);
  return Array.from({ length: effort.transactionRounds }, (_, number) => {
    const { harm, moment } = kinds[number % kinds.length] ?? { harm: 'kill', moment: undefined };
    return { harm, moment, random: random.branch() };
  });
}

/** Owners die or fall asleep around the transaction that has both their effect and their outcome. */
async function transactions(stage: Stage): Promise<void> {
  await inDatabase(stage, (client) =>
    client.query('CREATE TABLE charges (key text, run text, fence text, recovered boolean, pid integer)'),
  );
  const [rescuer] = await stage.hireAll(1, () => [{}, 0]);
  if (rescuer === undefined) throw new Error('nobody was hired');
  const rounds = roundsOf(stage);
  const lane = async (): Promise<void> => {
    let owner = stage.hire();
    for (let round = rounds.shift(); round !== undefined; round = rounds.shift()) {
      await owner.ready();
      const next = round.harm === 'kill' ? stage.hire() : owner;
      await harmOne({ owner, rescuer, key: stage.keys(1)[0] ?? '' }, round);
      owner = next;
    }
  };
  await Promise.all(Array.from({ length: stage.effort.lanes }, lane));
}

interface Cast {
  readonly owner: Worker;
  readonly rescuer: Worker;
  readonly key: string;
}

async function harmOne({ owner, rescuer, key }: Cast, { harm, moment, random }: Round): Promise<void> {
  const part = (): number => Math.floor(random.between(0, LONGEST_PART_MS));
  const order = { key, beforeMs: part(), afterMs: part(), isolationLevel: random.pick(LEVELS) };
  const asleepMs = LEASE_MS + random.between(100, 700);
  const somewhenMs = part() * 2;
  const reached = moment === undefined ? owner.enters(ENTERS_WITHIN_MS) : owner.asked(ASKS_WITHIN_MS);
  const called = owner.call(moment === undefined ? order : { ...order, asksBefore: moment });
  if ((await reached) !== moment) throw new Error(`the owner never came to its ${moment}`);
  if (moment === undefined) await wait(somewhenMs);
  if (harm === 'freeze') owner.freeze();
  else await owner.kill();
  // As the client that has no answer does, with another transaction of its own.
  const retried = rescuer.call({ key, beforeMs: 0, afterMs: 1, isolationLevel: random.pick(LEVELS) });
  if (harm === 'freeze') {
    await wait(asleepMs);
    owner.thaw();
    owner.go();
  }
  await Promise.all([called, retried]);
}

/** What is in the table in the end: committed rows, and those alone. */
async function account(stage: Stage): Promise<void> {
  await inDatabase(stage, async (client) => {
    const { rows } = await client.query<ChargeRow>('SELECT key, run, fence, recovered, pid FROM charges');
    for (const row of rows) stage.ledger.append({ line: 'row', ...row });
  });
}

interface ChargeRow {
  readonly key: string;
  readonly run: string;
  readonly fence: string;
  readonly recovered: boolean;
  readonly pid: number;
}

async function inDatabase(stage: Stage, work: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client({ connectionString: stage.server.urlAt(stage.server.port) });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

/** Effect and outcome in one transaction: the one way to exactly one row for each key. */
export const TRANSACTIONS: Scenario = {
  name: 'transaction',
  title: 'SIGKILL and SIGSTOP of owners before, in and after the transaction of effect and outcome',
  expectation: { slackMs: SLACK_MS, isStoreUp: true, leavesRows: false },
  store: 'postgres',
  settings: { leaseMs: LEASE_MS, effect: 'transaction' },
  play: transactions,
  account,
};
