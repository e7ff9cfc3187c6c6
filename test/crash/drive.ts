import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FREEZES, OUTAGE } from './freezes-and-outages.js';
import { Ledger } from './ledger.js';
import { KILLS, RACE, SHIFTED } from './races-and-kills.js';
import { Seeded } from './seeded.js';
import { type Effort, type Result, type Scenario, Stage } from './stage.js';
import { type StoreKind, StoreServer } from './store-server.js';
import { TRANSACTIONS } from './transactions.js';
import { judge } from './verdict.js';

/** What `npm run test:crash` does. */
export const WHOLE: Effort = {
  raceKeys: 2_000,
  lanes: 6,
  killRounds: 500,
  transactionRounds: 200,
  freezeRounds: 60,
  outageRounds: 4,
  allCombinations: true,
  shiftedKeys: 400,
  shiftedKills: 30,
};

/** The same in seconds. */
export const SHORT: Effort = {
  raceKeys: 60,
  lanes: 2,
  killRounds: 6,
  transactionRounds: 8,
  freezeRounds: 3,
  outageRounds: 1,
  allCombinations: false,
  shiftedKeys: 20,
  shiftedKills: 2,
};

const SCENARIOS: readonly Scenario[] = [RACE, KILLS, FREEZES, OUTAGE, SHIFTED, TRANSACTIONS];
const AUDITS_AT_ONCE = 16;

/** What is driven, and how. */
export interface DriveOptions {
  readonly stores: readonly StoreKind[];
  readonly scenarios: readonly string[] | undefined;
  readonly seed: number;
  readonly effort: Effort;
  told(result: Result): void;
}

/** Plays all scenarios on all stores; the stores beside each other. */
export async function drive(options: DriveOptions): Promise<readonly Result[]> {
  const folder = mkdtempSync(join(tmpdir(), 'selfheal-crash-'));
  const results = (
    await Promise.all(options.stores.map((store) => driveStore(store, folder, options)))
  ).flat();
  // The ledgers of a broken promise are what it can be understood by.
  const isKept = results.some(({ violations }) => violations.length > 0);
  if (isKept) process.stderr.write(`the ledgers are in ${folder}\n`);
  else rmSync(folder, { recursive: true, force: true });
  return results;
}

async function driveStore(store: StoreKind, folder: string, options: DriveOptions): Promise<Result[]> {
  const server = await StoreServer.start(store);
  try {
    const results: Result[] = [];
    const possible = SCENARIOS.filter((scenario) => (scenario.store ?? store) === store);
    const chosen = possible.filter(({ name }) => options.scenarios?.includes(name) ?? true);
    for (const scenario of chosen) {
      const path = join(folder, `${store}-${scenario.name}.jsonl`);
      // Each has its own chance, so that one alone comes again as it was among all.
      const random = new Seeded(options.seed + SCENARIOS.indexOf(scenario));
      const result = await playOne(scenario, { server, path, random, effort: options.effort });
      options.told(result);
      results.push(result);
    }
    return results;
  } finally {
    await server.stop();
  }
}

interface Scene {
  readonly server: StoreServer;
  readonly path: string;
  readonly random: Seeded;
  readonly effort: Effort;
}

async function playOne(scenario: Scenario, { server, path, random, effort }: Scene): Promise<Result> {
  const beganMs = performance.now();
  const ledger = new Ledger(path);
  const stage = new Stage({ server, ledger, path, random, effort, scenario });
  try {
    await scenario.play(stage);
    await stage.clear();
    await audit(stage, ledger);
    await scenario.account?.(stage);
  } finally {
    await stage.clear();
    ledger.close();
  }
  const seconds = Math.round((performance.now() - beganMs) / 100) / 10;
  const { kind: store } = server;
  return { store, scenario: scenario.name, seconds, ...judge(ledger.read(), scenario.expectation) };
}

/** Somebody who was not there asks for every key: what is recorded is what everybody must have been told. */
async function audit(stage: Stage, ledger: Ledger): Promise<void> {
  const keys = new Set(ledger.read().flatMap(({ key }) => (key === '' ? [] : key)));
  const auditor = stage.hire();
  await auditor.ready();
  await auditor.race({ keys: [...keys], atOnce: AUDITS_AT_ONCE, isAudit: true });
  await stage.clear();
}
