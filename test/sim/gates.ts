import { OVERLOAD } from './overload.js';
import type { ContentionRow, FailureRow, OverloadRow, Tables } from './tables.js';

/** One promise of the specification and what was measured. */
export interface Gate {
  readonly gate: string;
  readonly what: string;
  readonly measured: number;
  readonly bound: string;
  readonly isMet: boolean;
}

const LEAST_GOODPUT = 0.99 * OVERLOAD.callsPerSecond;

class Gates {
  readonly all: Gate[] = [];

  atMost(gate: string, what: string, measured: number | undefined, bound: number): void {
    this.add(gate, what, measured, { bound: `≤ ${round(bound)}`, isMet: (value) => value <= bound });
  }

  atLeast(gate: string, what: string, measured: number | undefined, bound: number): void {
    this.add(gate, what, measured, { bound: `≥ ${round(bound)}`, isMet: (value) => value >= bound });
  }

  /** What was not measured in this run has no gate. */
  private add(
    gate: string,
    what: string,
    measured: number | undefined,
    { bound, isMet }: { readonly bound: string; readonly isMet: (value: number) => boolean },
  ): void {
    if (measured !== undefined) this.all.push({ gate, what, measured, bound, isMet: isMet(measured) });
  }
}

/** All gates whose figures are there. */
export function gatesOf(tables: Tables): readonly Gate[] {
  const gates = new Gates();
  contentionGates(gates, tables.contention);
  overloadGates(gates, tables.overload);
  scatteredGates(gates, tables.scattered);
  concentratedGates(gates, tables.concentrated);
  for (const { callsPerSecond, load } of tables.layers) {
    gates.atMost(
      'G7',
      `three layers, ${callsPerSecond} calls/s: load`,
      load,
      callsPerSecond < 100 ? 1.1 : 1.02,
    );
  }
  for (const { first, second } of tables.herd) {
    gates.atMost('G8', 'first retries in the fullest 10 ms', first, 150);
    gates.atMost('G8', 'second retries in the fullest 10 ms', second, 100);
  }
  return gates.all;
}

function contentionGates(gates: Gates, rows: readonly ContentionRow[]): void {
  const of = (policy: string) => rows.find((row) => row.policy === policy && row.clients === 100);
  const [full, equal, decorrelated, exponential, none] = [
    of('full'),
    of('equal'),
    of('decorrelated'),
    of('exponential'),
    of('none'),
  ];
  if (full === undefined || exponential === undefined) return;
  gates.atMost('G1', 'full : exponential, writes', full.writes / exponential.writes, 0.45);
  gates.atMost('G1', 'full : exponential, completion', full.completionMs / exponential.completionMs, 0.1);
  if (equal === undefined || decorrelated === undefined || none === undefined) return;
  gates.atMost('G1', 'writes: full below decorrelated', full.writes, decorrelated.writes);
  gates.atMost('G1', 'writes: equal below decorrelated', equal.writes, decorrelated.writes);
  gates.atMost('G1', 'writes: decorrelated below exponential', decorrelated.writes, exponential.writes);
  gates.atMost('G1', 'writes: exponential below none', exponential.writes, none.writes);
}

function overloadGates(gates: Gates, rows: readonly OverloadRow[]): void {
  const of = (policy: string, clients = OVERLOAD.clients) =>
    rows.find(
      (row) =>
        row.policy === policy && row.clients === clients && row.callsPerSecond === OVERLOAD.callsPerSecond,
    );
  const control = of('4-at-once');
  if (control !== undefined)
    gates.atLeast('G2', 'control: recovery, s', control.recoveryS ?? Infinity, Infinity);
  recovers(gates, ['G2', 'default retry'], of('default'), { seconds: 20, load: 1.05 });
  gates.atLeast('G2', 'default retry: goodput of the last 30 s', of('default')?.goodput[2], LEAST_GOODPUT);
  recovers(gates, ['G3', 'default retry, K = 100'], of('default', 100), { seconds: 20, load: 1.08 });
  recovers(gates, ['G4', 'with the default breaker'], of('default-breaker'), { seconds: 8, load: 0.9 });
  recovers(gates, ['G4', 'with a breaker that waits 5 s'], of('breaker-5s'), { seconds: 10 });
}

function recovers(
  gates: Gates,
  [gate, what]: readonly [string, string],
  row: OverloadRow | undefined,
  { seconds, load }: { readonly seconds: number; readonly load?: number },
): void {
  if (row === undefined) return;
  gates.atMost(gate, `${what}: recovery, s`, row.recoveryS ?? Infinity, seconds);
  if (load !== undefined) gates.atMost(gate, `${what}: load`, row.load, load);
}

function at(rows: readonly FailureRow[], policy: string, probability: number): FailureRow | undefined {
  return rows.find((row) => row.policy === policy && row.probability === probability);
}

function scatteredGates(gates: Gates, rows: readonly FailureRow[]): void {
  const success = [
    [0.01, 0.9999],
    [0.1, 0.995],
    [0.2, 0.985],
  ] as const;
  for (const [p, bound] of success) {
    gates.atLeast('G5', `default retry, p = ${p}: success`, at(rows, 'default', p)?.success, bound);
  }
  gates.atMost('G5', 'default retry, p = 0.1: load', at(rows, 'default', 0.1)?.load, 1.13);
  gates.atMost('G5', 'default retry, p = 1: load', at(rows, 'default', 1)?.load, 1.05);
}

function concentratedGates(gates: Gates, rows: readonly FailureRow[]): void {
  const bounds = [
    ['default', 0.1, 0.995],
    ['default', 0.3, 0.85],
    ['default-breaker', 0.05, 0.995],
    ['default-breaker', 0.1, 0.995],
    ['default-breaker', 0.2, 0.985],
    ['default-breaker', 0.3, 0.85],
  ] as const;
  for (const [policy, p, bound] of bounds) {
    gates.atLeast('G6', `${policy}, p = ${p}: success`, at(rows, policy, p)?.success, bound);
  }
  for (const { probability, success } of rows.filter((row) => row.policy === 'default')) {
    if (probability > 0.3) continue;
    const guarded = at(rows, 'default-breaker', probability)?.success;
    gates.atLeast('G4', `breaker at p = ${probability}: success`, guarded, success - 0.01);
  }
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
