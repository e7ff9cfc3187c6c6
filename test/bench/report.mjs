/** Targets and gates of spec/performance.md: ratios to the bare method, bytes beside the bare method's. */
const CALLS = [
  { id: 'disabled', text: 'decorated, enabled: false', target: 1.2, gate: 1.5 },
  { id: 'breaker', text: '@CircuitBreaker, closed', target: 2.2, gate: 2.7, bytes: 520 },
  { id: 'retry', text: '@Retryable, first attempt succeeds', target: 2.0, gate: 2.5 },
  { id: 'three', text: '+ @CircuitBreaker + @TimeLimiter', target: 4.0, gate: 5.0, bytes: 1_000 },
  { id: 'five', text: '+ @Bulkhead + @RateLimiter', target: 4.5, gate: 6.0 },
  { id: 'open', text: 'breaker open, rejection', target: 28, gate: 32 },
  { id: 'retryOpen', text: 'the same inside @Retryable' },
  { id: 'stream', text: 'Observable, retry + breaker', target: 2.0, gate: 2.5 },
];

const EXTRAS = [
  { id: 'fallback', text: '@Fallback not used (extra over breaker)', target: 0.2 },
  { id: 'breakers', text: '100 000 breakers by key, used once: bytes each', target: 250, gate: 600 },
  { id: 'named', text: '100 000 in the registry, idle: bytes each', target: 250, gate: 600 },
  { id: 'timers', text: 'timers of 100 000 breakers', target: 0, gate: 0 },
  { id: 'countWindow', text: 'failing call, 10^6 : 10^3 in a count window', target: 1.2, gate: 1.5 },
  { id: 'timeWindow', text: 'failing call, 10^6 : 10^3 in a time window', target: 1.2, gate: 1.5 },
];

/** One row for each promise of the spec, with what was measured and whether it is kept. */
export function rowsOf({ blocks, bytes, population }) {
  const { quiet } = blocks;
  const calls = CALLS.map((row) => {
    const cost = costOf(quiet, row.id);
    return { ...row, value: cost.ratio, spread: cost.spread, heapBytes: bytes[row.id] };
  });
  const values = {
    fallback: costOf(quiet, 'fallback').ratio - costOf(quiet, 'breaker').ratio,
    breakers: population.keyedBytes,
    named: population.namedBytes,
    timers: population.timers,
    countWindow: population.countWindow,
    timeWindow: population.timeWindow,
  };
  const extras = EXTRAS.map((row) => ({ ...row, value: values[row.id] }));
  return [...calls, ...extras].map((row) => judged(row));
}

function judged(row) {
  const { value, target, gate, bytes, heapBytes } = row;
  const isOnTarget = target === undefined || (value <= target && (bytes === undefined || heapBytes <= bytes));
  return { ...row, isOnTarget, isInGate: gate === undefined || value <= gate };
}

/** Ours, of the kind of process that the row needs. */
function costOf(block, id) {
  return block.limited[id] ?? block.plain[id];
}

/** Prints everything. */
export function report(rows, { blocks, bytes, population }) {
  const cells = rows.map((row) => [row.text, ...promise(row), ...peers(row.id, blocks.quiet, bytes)]);
  console.log(`\nNode ${process.version}, ratios to a bare await of the same process, medians (quartiles)\n`);
  print([['row', 'ours', 'B/call', 'target', 'gate', 'met', 'cockatiel', 'opossum'], ...cells]);
  reportPrices(blocks, bytes, population);
  reportSurroundings(blocks);
}

function promise({ value, spread, heapBytes, bytes, target, gate, isOnTarget, isInGate }) {
  const quartiles = spread === undefined ? '' : ` (${number(spread[0])}–${number(spread[1])})`;
  const met = target === undefined ? '' : isOnTarget ? 'target' : isInGate ? 'gate' : 'MISSED';
  const wanted = `${target ?? ''}${bytes === undefined ? '' : `, ${bytes} B`}`;
  return [`${number(value)}${quartiles}`, number(heapBytes, 0), wanted, `${gate ?? ''}`, met];
}

function peers(id, { plain }, bytes) {
  return ['cockatiel', 'opossum'].map((peer) => {
    const cost = plain[`${id}/${peer}`];
    return cost === undefined ? '–' : `${number(cost.ratio)} (${number(bytes[`${id}/${peer}`], 0)} B)`;
  });
}

function reportPrices({ quiet }, bytes, { collected }) {
  const { plain, limited } = quiet;
  const [bare] = Object.values(plain);
  const [bareLimited] = Object.values(limited);
  console.log(`
bare await: ${number(bare.baselineNs)} ns; in a process with a time limit ${number(bareLimited.baselineNs)} ns (async context)
three and five to a bare await of a process without any time limit: ${['three', 'five']
    .map((id) => number(limited[id].ns / bare.baselineNs))
    .join(', ')}
a bare throw: of a made error ${number(plain.thrown.ratio)}, of a new one ${number(plain.thrownNew.ratio)}
bytes of ${bytes.disabled === undefined ? 'a' : 'the switched-off'} call, the method's own included: ${number(bytes.disabled, 0)}
breakers collected with their application: ${number(100 * collected, 0)} %
`);
}

function reportSurroundings(blocks) {
  const titles = { quiet: 'alone', observed: 'event listener', storage: 'active AsyncLocalStorage' };
  const kinds = Object.keys(blocks);
  const rows = CALLS.map(({ id, text }) => [
    text,
    ...kinds.flatMap((kind) => {
      const { ratio, ns } = costOf(blocks[kind], id);
      return [number(ratio), `${number(ns, 0)} ns`];
    }),
  ]);
  print([['row', ...kinds.flatMap((kind) => [titles[kind], ''])], ...rows]);
}

function print(table) {
  const widths = table[0].map((_, column) => Math.max(...table.map((cells) => cells[column].length)));
  for (const cells of table) {
    const line = cells.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]),
    );
    console.log(line.join('  '));
  }
}

function number(value, digits) {
  if (value === undefined) return '';
  return value.toFixed(digits ?? (value < 10 ? 2 : value < 100 ? 1 : 0));
}
