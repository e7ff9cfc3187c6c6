import type { Result } from './stage.js';

const COLUMNS: readonly (readonly [string, (result: Result) => string | number])[] = [
  ['store', ({ store }) => store],
  ['scenario', ({ scenario }) => scenario],
  ['keys', ({ keys }) => keys],
  ['calls', ({ calls }) => calls],
  ['runs', ({ rows }) => rows],
  ['replays', ({ replays }) => replays],
  ['lost owners', ({ lostOwners }) => lostOwners],
  ['takeovers', ({ takeovers }) => takeovers],
  ['their runs', ({ rowsOfLostOwners }) => rowsOfLostOwners],
  ['not recorded', ({ answersNotRecorded }) => answersNotRecorded],
  ['silence ms', ({ longestSilenceMs }) => longestSilenceMs],
  ['wait ms', ({ longestWaitMs }) => longestWaitMs],
  ['seconds', ({ seconds }) => seconds],
  ['violations', ({ violations }) => violations.length],
];

/** A table of what was done and found. */
export function table(results: readonly Result[]): string {
  const rows = [COLUMNS.map(([title]) => title), ...results.map(cellsOf)];
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row.map((cell, column) =>
      column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
    ),
  );
  return lines.map((line) => line.join('  ')).join('\n');
}

function cellsOf(result: Result): string[] {
  return COLUMNS.map(([, value]) => String(value(result)));
}
