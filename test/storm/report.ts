import { lineChart } from '../support/line-chart.js';
import { STORM, type StormResult } from './model.js';

const TITLE = 44;
const COLUMN = 14;

/** The table. */
export function reportOf(results: readonly StormResult[]): string {
  const { callsPerSecond, capacity, trigger } = STORM;
  return [
    `${callsPerSecond} calls/s to a server that does ${capacity}/s, and ${trigger.factor * capacity}/s from second ` +
      `${trigger.fromS} to ${trigger.untilS}; goodput in calls/s`,
    row('', ['before', 'during', 'last 5 s', 'attempts/call', 'recovery']),
    ...results.map(({ title, goodput, attemptsPerCall, recoveryS }) =>
      row(title, [
        ...goodput.map((each) => each.toFixed(0)),
        attemptsPerCall.toFixed(2),
        recoveryS === null ? 'never' : `${recoveryS} s`,
      ]),
    ),
  ].join('\n');
}

function row(title: string, cells: readonly string[]): string {
  return `  ${title.padEnd(TITLE)}${cells.map((cell) => cell.padStart(COLUMN)).join('')}`;
}

/** The picture. */
export function plotOf(results: readonly StormResult[]): string {
  const { callsPerSecond, trigger } = STORM;
  return lineChart({
    title: `A storm on a real HTTP server: calls that succeed, of ${callsPerSecond} per second`,
    xTitle: 'seconds',
    yTitle: 'goodput, calls/s',
    yMax: 150,
    shaded: { from: trigger.fromS, to: trigger.untilS, title: `${trigger.factor * 100} % capacity` },
    lines: results.map(({ caller, title, successes }) => ({
      title: title.replace(/^nestjs-selfheal, defaults:/, 'nestjs-selfheal:'),
      isDashed: caller !== 'ours',
      points: successes.map((count, second) => [second, count] as const),
    })),
  });
}
