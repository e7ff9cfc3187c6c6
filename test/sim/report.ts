import { gatesOf } from './gates.js';
import type { FailureRow, Tables } from './tables.js';

const TITLE = 46;
const COLUMN = 12;

/** Everything that was measured, as text. */
export function reportOf(tables: Tables): string {
  return [
    ...contention(tables),
    ...overload(tables),
    ...failures('Experiment 3: random failure, success in % × load', tables.scattered),
    ...failures('Experiment 3b: partial failure with breakers', tables.concentrated),
    ...others(tables),
    ...gates(tables),
    '',
  ].join('\n');
}

function line(title: string, cells: readonly (number | string)[], origin = ''): string {
  const texts = cells.map((cell) => String(cell).padStart(COLUMN)).join('');
  return `  ${title.padEnd(TITLE)}${texts}  ${origin}`.trimEnd();
}

function contention({ contention: rows }: Tables): string[] {
  const clients = [...new Set(rows.map((row) => row.clients))].sort((a, b) => a - b);
  const titles = [...new Set(rows.map((row) => row.title))];
  const cell = (title: string, count: number): string => {
    const row = rows.find((each) => each.title === title && each.clients === count);
    return row === undefined ? '' : `${row.completionMs.toFixed(0)} / ${row.writes.toFixed(0)}`;
  };
  return [
    'Experiment 1: contention, completion in ms / writes, by number of clients (all run on the real policies)',
    wide('', clients.map(String)),
    ...titles.map((title) =>
      wide(
        title,
        clients.map((count) => cell(title, count)),
      ),
    ),
    '',
  ];
}

function wide(title: string, cells: readonly string[]): string {
  return `  ${title.padEnd(TITLE - 20)}${cells.map((cell) => cell.padStart(16)).join('')}`;
}

function overload({ overload: rows }: Tables): string[] {
  return [
    'Experiment 2: retry storm, goodput in calls/s after the trigger, recovery in s, load',
    line('', ['0–10 s', '10–30 s', 'last 30 s', 'recovery', 'load'], 'how it was run'),
    ...rows.map(({ title, clients, callsPerSecond, goodput, recoveryS, load, origin }) => {
      const variant = clients === 20 ? '' : `, K = ${clients}`;
      const lambda = callsPerSecond === 700 ? '' : `, ${callsPerSecond}/s`;
      const figures = goodput.map((each) => each.toFixed(0));
      const recovery = recoveryS === null ? 'never' : recoveryS.toFixed(1);
      return line(`${title}${variant}${lambda}`, [...figures, recovery, load.toFixed(2)], origin);
    }),
    '',
  ];
}

function failures(title: string, rows: readonly FailureRow[]): string[] {
  const probabilities = [...new Set(rows.map((row) => row.probability))];
  const policies = [...new Set(rows.map((row) => row.policy))];
  const cells = (policy: string): string[] =>
    probabilities.map((probability) => {
      const row = rows.find((each) => each.policy === policy && each.probability === probability);
      return row === undefined ? '' : `${(row.success * 100).toFixed(2)}×${row.load.toFixed(2)}`;
    });
  return [
    title,
    line(
      '',
      probabilities.map((each) => `${Math.round(each * 100)} %`),
    ),
    ...policies.map((policy) => {
      const first = rows.find((row) => row.policy === policy);
      return line(first?.title ?? policy, cells(policy), first?.origin);
    }),
    '',
  ];
}

function others({ layers, herd }: Tables): string[] {
  return [
    'Layers and herd',
    ...layers.map(({ callsPerSecond, load }) =>
      line(`three layers, ${callsPerSecond} calls/s: load`, [load.toFixed(3)]),
    ),
    ...herd.map(({ clients, first, second }) =>
      line(`${clients} clients: fullest 10 ms, first / second`, [`${first} / ${second}`]),
    ),
    '',
  ];
}

function gates(tables: Tables): string[] {
  return [
    'Gates',
    ...gatesOf(tables).map(({ gate, what, measured, bound, isMet }) =>
      line(`${gate} ${what}`, [Number(measured.toPrecision(5)), bound, isMet ? 'met' : 'MISSED']),
    ),
  ];
}
