// How the matrix tells what it found.
const INDENT = '        ';
const FAILURE_LINES = 40;

const nameOf = ({ part, nest }) => (nest === undefined ? part : `${part}, Nest ${nest}`);

/** One line for a cell that has just been run. */
export function printLine(cell) {
  const { passed, failed, seconds, node, version } = cell;
  const verdict = failed === 0 ? 'ok    ' : 'FAILED';
  const counts = `${String(passed).padStart(5)} passed, ${failed} failed`;
  const where = `Node ${version ?? node}`.padEnd(14);
  process.stdout.write(
    `${verdict}  ${where} ${nameOf(cell).padEnd(22)} ${counts} (${seconds.toFixed(0)} s)\n`,
  );
}

/** What failed in a cell, each cut to its first lines. */
export function printFailures({ failures }) {
  for (const failure of failures) {
    const lines = failure.split('\n');
    const left = lines.length > FAILURE_LINES ? [`… ${lines.length - FAILURE_LINES} more lines`] : [];
    const text = [...lines.slice(0, FAILURE_LINES), ...left].map((line) => `${INDENT}${line}`).join('\n');
    process.stdout.write(`${text}\n\n`);
  }
}

/** All cells together: a row per kind of cell, a column per Node, `passed` or `passed/failed` in it. */
export function printTable(cells) {
  const nodes = [...new Set(cells.map(({ node }) => node))];
  const names = [...new Set(cells.map((cell) => nameOf(cell)))];
  const rows = names.map((name) => [
    name,
    ...nodes.map((node) => countsOf(cells.find((cell) => cell.node === node && nameOf(cell) === name))),
  ]);
  const table = [['passed / failed', ...nodes.map((node) => `Node ${node}`)], ...rows];
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
  const lines = table.map((row) => row.map((text, column) => text.padEnd(widths[column])).join('   '));
  process.stdout.write(`\n${lines.map((line) => line.trimEnd()).join('\n')}\n`);
}

function countsOf(cell) {
  return cell === undefined ? '-' : `${cell.passed} / ${cell.failed}`;
}
