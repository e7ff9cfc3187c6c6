import { met, number, print, spread } from './table.mjs';

const ROUTES = {
  plain: 'bare service',
  decorated: '@Fallback @Retryable @CircuitBreaker',
  limited: 'and @TimeLimiter',
  unguarded: 'bare POST',
  memory: '@Idempotent, memory',
  redis: '@Idempotent, Redis',
  postgres: '@Idempotent, PostgreSQL',
  'peer-memory': 'node-idempotency, memory',
  'peer-redis': 'node-idempotency, Redis',
  'floor-redis': 'two scripts and a hash, Redis',
};

/** What many breakers cost, and failures in large windows. */
export function reportPopulation(rows, { ours, peers }) {
  console.log('\nMany breakers, and a failing call by the number of calls in its window\n');
  printPromises(rows, ['breakers', 'named', 'timers', 'idle', 'countWindow', 'timeWindow']);
  console.log('');
  const heading = [
    '',
    'breakers',
    'bytes each',
    'timers',
    'of a core',
    'lag ms',
    'collected',
    'small window',
    'large window',
  ];
  const { windows } = ours;
  const own = { ...ours, ...windows, count: 100_000, bytes: ours.namedBytes };
  print([
    heading,
    ...Object.entries({ ours: own, ...peers }).map(([name, row]) => [name, ...populationCells(row)]),
  ]);
}

function populationCells({ count, bytes, timers, idle, collected, smallUs, largeUs, largeSize }) {
  return [
    String(count),
    number(bytes, 0),
    String(timers),
    `${number(100 * idle.cpuShare, 1)} %`,
    number(idle.lagMs, 1),
    `${number(100 * collected, 0)} %`,
    `${number(smallUs)} µs`,
    `${number(largeUs)} µs (${largeSize})`,
  ];
}

/** What a route costs, and how long those wait who ask for the same thing. */
export function reportWeb(rows, { rows: routes, waits }) {
  console.log(
    '\nHTTP routes: CPU of the server process per request, medians (quartiles); latencies one request at a time\n',
  );
  const heading = ['route', 'CPU µs', 'added µs', 'requests/s', 'p50 ms', 'p99 ms', 'round trips'];
  const cells = routes.map((row) => [
    `${row.platform}: ${ROUTES[row.route]}`,
    spread(row.cpuUs, row.cpuSpread),
    spread(row.addedUs, row.addedSpread),
    number(row.perSecond, 0),
    number(row.p50Ms),
    number(row.p99Ms),
    number(row.roundTrips, 1),
  ]);
  print([heading, ...cells]);
  console.log(
    '\nFifty requests with one key at once, onInFlight: wait; answered after the end of the execution\n',
  );
  const waited = waits.map((each) => [
    `${each.route}, ${each.processes === 1 ? 'one process' : `${each.processes} processes`}`,
    String(each.executions),
    number(each.lastMs),
    number(each.worstMs),
  ]);
  print([['store', 'executions', 'last ms', 'worst ms'], ...waited]);
  console.log('');
  printPromises(rows, ['redisShare', 'redisTrips', 'postgresTrips', 'waitOne', 'waitMany']);
}

function printPromises(rows, ids) {
  const cells = rows
    .filter(({ id }) => ids.includes(id))
    .map((row) => [row.text, number(row.value), `${row.target ?? ''}`, `${row.gate ?? ''}`, met(row)]);
  print([['row', 'ours', 'target', 'gate', 'met'], ...cells]);
}
