/** Prints cells below each other; the first row is the heading, the first column stands left. */
export function print(table) {
  const widths = table[0].map((_, column) => Math.max(...table.map((cells) => cells[column].length)));
  for (const cells of table) {
    const line = cells.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]),
    );
    console.log(line.join('  '));
  }
}

/** A number with as many digits as say something; nothing for nothing. */
export function number(value, digits) {
  if (value === undefined) return '';
  return value.toFixed(digits ?? (value < 10 ? 2 : value < 100 ? 1 : 0));
}

/** The middle one with its quartiles. */
export function spread(value, quartiles) {
  return quartiles ? `${number(value)} (${number(quartiles[0])}–${number(quartiles[1])})` : number(value);
}

/** Whether a row is where it must be. */
export function met({ target, gate, isOnTarget, isInGate }) {
  if (target === undefined && gate === undefined) return '';
  return isOnTarget ? 'target' : isInGate && gate !== undefined ? 'gate' : 'MISSED';
}
