import { met, number, print, spread } from './table.mjs';

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
  { id: 'idempotent', text: '@Idempotent in memory, first call', target: 25 },
];

const WORLD = [
  { id: 'fallback', text: '@Fallback not used (extra over breaker)', target: 0.2 },
  { id: 'breakers', text: '100 000 breakers by key, used once: bytes each', target: 250, gate: 600 },
  { id: 'named', text: '100 000 in the registry, idle: bytes each', target: 250, gate: 600 },
  { id: 'timers', text: 'timers of 100 000 breakers', target: 0, gate: 0 },
  { id: 'idle', text: 'share of a core of 100 000 idle breakers', target: 0.01 },
  { id: 'countWindow', text: 'failing call, large : small count window', target: 1.2, gate: 1.5 },
  { id: 'timeWindow', text: 'failing call, large : small time window', target: 1.2, gate: 1.5 },
  { id: 'redisShare', text: '@Idempotent with Redis, added CPU: node-idempotency’s', target: 0.5 },
  { id: 'redisTrips', text: 'round trips of begin and complete, Redis', target: 2 },
  { id: 'postgresTrips', text: 'round trips of begin and complete, PostgreSQL', target: 2 },
  { id: 'waitOne', text: '49 waiting callers answered, one process: ms', target: 10 },
  { id: 'waitMany', text: '49 waiting callers answered, two processes: ms', target: 100 },
];

/** The peers in the order of the columns; whoever has only a retry stands together. */
const PEERS = ['cockatiel', 'opossum', 'mollitia', 'nestjs-resilience'];
const OTHERS = ['smithy', 'rxjs', 'async-retry', 'p-retry'];

const SURROUNDINGS = {
  quiet: 'alone',
  observed: 'event listener',
  metrics: 'Prometheus',
  storage: 'active AsyncLocalStorage',
};

/** One row for each promise of the spec that was measured, and whether it is kept. */
export function rowsOf({ calls, population, web }) {
  const values = { ...(population && populationValues(population)), ...(web && webValues(web)) };
  if (calls) {
    const { quiet } = calls.blocks;
    values.fallback = costOf(quiet, 'fallback').ratio - costOf(quiet, 'breaker').ratio;
  }
  const measured = WORLD.filter(({ id }) => values[id] !== undefined);
  const rows = measured.map((row) => ({ ...row, value: values[row.id] }));
  return [...(calls ? callRows(calls) : []), ...rows].map((row) => judged(row));
}

function callRows({ blocks: { quiet }, bytes }) {
  return CALLS.map((row) => {
    const cost = costOf(quiet, row.id);
    return {
      ...row,
      value: cost.ratio,
      spread: cost.spread,
      heapBytes: bytes[row.id],
      peers: peersOf(row.id, quiet, bytes),
    };
  });
}

function peersOf(id, { plain }, bytes) {
  const names = [...PEERS, ...OTHERS].filter((peer) => plain[`${id}/${peer}`] !== undefined);
  return Object.fromEntries(
    names.map((peer) => [peer, { ratio: plain[`${id}/${peer}`].ratio, heapBytes: bytes[`${id}/${peer}`] }]),
  );
}

function populationValues({ ours }) {
  return {
    breakers: ours.keyedBytes,
    named: ours.namedBytes,
    timers: ours.timers,
    idle: ours.idle.cpuShare,
    countWindow: ours.windows.countRatio,
    timeWindow: ours.windows.timeRatio,
  };
}

function webValues({ rows, waits }) {
  const order = (route) => rows.find((row) => row.platform === 'express' && row.route === route);
  const waited = (count) =>
    Math.max(...waits.filter(({ processes }) => processes === count).map(({ lastMs }) => lastMs));
  return {
    redisShare: order('redis').addedUs / order('peer-redis').addedUs,
    redisTrips: order('redis').roundTrips,
    postgresTrips: order('postgres').roundTrips,
    waitOne: waited(1),
    waitMany: waited(2),
  };
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

/** What a call costs, beside the peers. */
export function reportCalls(rows, { node, calls }) {
  const heading = ['row', 'ours', 'B/call', 'target', 'gate', 'met', ...PEERS, 'others'];
  const cells = rows
    .filter(({ peers }) => peers)
    .map((row) => [
      row.text,
      ...promise(row),
      ...PEERS.map((peer) => peerText(row.peers[peer])),
      othersText(row),
    ]);
  console.log(
    `\nNode ${node}, ratios to a bare await of the same process, medians (quartiles); heap bytes per call\n`,
  );
  print([heading, ...cells]);
  reportPrices(calls);
  reportSurroundings(calls.blocks);
}

function promise(row) {
  const { target, gate, bytes } = row;
  const wanted = `${target ?? ''}${bytes === undefined ? '' : `, ${bytes} B`}`;
  return [spread(row.value, row.spread), number(row.heapBytes, 0), wanted, `${gate ?? ''}`, met(row)];
}

function peerText(peer) {
  return peer === undefined ? '–' : `${number(peer.ratio)} (${number(peer.heapBytes, 0)} B)`;
}

function othersText({ peers }) {
  const texts = OTHERS.filter((name) => peers[name]).map((name) => `${name} ${number(peers[name].ratio)}`);
  return texts.length === 0 ? '–' : texts.join(', ');
}

function reportPrices({ blocks: { quiet }, bytes }) {
  const { plain, limited } = quiet;
  const bare = plain.disabled;
  const across = (id) => number(limited[id].ns / bare.baselineNs);
  console.log(`
bare await: ${number(bare.baselineNs)} ns; in a process with a time limit ${number(limited.three.baselineNs)} ns (async context)
three, five and idempotent to a bare await of a process without any time limit: ${['three', 'five', 'idempotent'].map(across).join(', ')}
opossum’s breaker with its default timeout: ${number(plain['breakerLimit/opossum'].ratio)}
a bare throw: of a made error ${number(plain.thrown.ratio)}, of a new one ${number(plain.thrownNew.ratio)}
bytes of the switched-off call, the method’s own included: ${number(bytes.disabled, 0)}
`);
}

function reportSurroundings(blocks) {
  const kinds = Object.keys(blocks);
  const rows = CALLS.map(({ id, text }) => [
    text,
    ...kinds.flatMap((kind) => {
      const { ratio, ns } = costOf(blocks[kind], id);
      return [number(ratio), `${number(ns, 0)} ns`];
    }),
  ]);
  print([['row', ...kinds.flatMap((kind) => [SURROUNDINGS[kind], ''])], ...rows]);
}
