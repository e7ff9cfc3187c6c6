import { type Chart, lineChart } from '../support/line-chart.js';
import { OVERLOAD } from './overload.js';
import type { FailureRow, OverloadRow, Tables } from './tables.js';

/** What a reader of the README sees. */
export const README_PICTURE = 'overload';
const PICTURED = [
  'none',
  '4-full',
  'axios-retry',
  'cockatiel',
  'opossum',
  'finagle-10',
  'default',
  'default-breaker',
];

/** The pictures, by name. */
export function plotsOf(tables: Tables): Readonly<Record<string, string>> {
  return {
    [README_PICTURE]: lineChart(overloadChart(tables.overload)),
    'contention-writes': lineChart(contentionChart(tables, 'writes')),
    'contention-completion': lineChart(contentionChart(tables, 'completionMs')),
    'partial-failure': lineChart(failureChart('Random failure: calls that succeed', tables.scattered)),
    'partial-failure-breaker': lineChart(
      failureChart('Partial failure with breakers: calls that succeed', tables.concentrated),
    ),
  };
}

function overloadChart(rows: readonly OverloadRow[]): Chart {
  const { clients, callsPerSecond, trigger } = OVERLOAD;
  const shown = rows.filter(
    (row) =>
      row.clients === clients && row.callsPerSecond === callsPerSecond && PICTURED.includes(row.policy),
  );
  return {
    title: 'A retry storm: calls that succeed, of 700 per second',
    xTitle: 'seconds',
    yTitle: 'goodput, calls/s',
    yMax: 1_000,
    shaded: { from: trigger.fromMs / 1_000, to: trigger.untilMs / 1_000, title: '20 % capacity' },
    lines: shown.map(({ title, series, origin }) => ({
      title,
      isDashed: origin !== 'ours',
      points: series.map((goodput, second) => [second, goodput] as const),
    })),
  };
}

function contentionChart({ contention }: Tables, field: 'writes' | 'completionMs'): Chart {
  return {
    title:
      field === 'writes' ? 'Contention: writes until all are done' : 'Contention: time until all are done',
    xTitle: 'clients',
    yTitle: field === 'writes' ? 'writes' : 'ms',
    lines: titlesOf(contention).map((title) => ({
      title,
      points: contention
        .filter((row) => row.title === title)
        .sort((a, b) => a.clients - b.clients)
        .map((row) => [row.clients, row[field]] as const),
    })),
  };
}

function failureChart(title: string, rows: readonly FailureRow[]): Chart {
  return {
    title,
    xTitle: 'probability that an attempt fails, %',
    yTitle: 'calls that succeed, %',
    yMax: 100,
    lines: titlesOf(rows).map((line) => ({
      title: line,
      points: rows
        .filter((row) => row.title === line)
        .map((row) => [row.probability * 100, row.success * 100] as const),
    })),
  };
}

function titlesOf(rows: readonly { readonly title: string }[]): string[] {
  return [...new Set(rows.map((row) => row.title))];
}
