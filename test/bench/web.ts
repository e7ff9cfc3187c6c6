import { median, quantile } from './measure.js';
import { startPostgres } from '../support/servers/postgres-server.js';
import { startRedis } from '../support/servers/redis-server.js';
import { type Waits, waitsOf } from './web-waits.js';
import { ORDERS, type Platform, type Route, ROUTES, type WebEffort, type WebSettings } from './web-model.js';
import { WebServer } from './web-server.js';

/** One route of one platform, as its server felt it and as a client did. */
export interface WebRow {
  readonly platform: Platform;
  readonly route: Route;
  /** Of the server process, per request; medians and quartiles of rounds. */
  readonly cpuUs: number;
  readonly cpuSpread: readonly [number, number];
  /** Over the bare route of the same platform and round. */
  readonly addedUs: number;
  readonly addedSpread: readonly [number, number];
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** To the store, per request. */
  readonly roundTrips: number;
}

/** What HTTP routes cost, and how long those wait who ask for the same thing at once. */
export interface Web {
  readonly rows: readonly WebRow[];
  readonly waits: readonly Waits[];
}

interface Task {
  readonly effort: WebEffort;
  /** What runs a server on a core of its own. */
  readonly command: readonly string[];
}

/** What was measured of one server. */
interface Samples {
  readonly server: WebServer;
  readonly cpuUs: number[];
  readonly perSecond: number[];
  readonly durations: number[];
}

const task = JSON.parse(process.argv[2] ?? '{}') as Task;
const redis = await startRedis();
const postgres = await startPostgres();
try {
  process.stdout.write(`${JSON.stringify(await measureWeb(task))}\n`);
} finally {
  await redis.stop();
  await postgres.stop();
}

async function measureWeb({ effort, command }: Task): Promise<Web> {
  const settingsOf = (platform: Platform, route: Route): WebSettings => ({
    platform,
    route,
    redisUrl: redis.url,
    postgresUrl: postgres.url,
  });
  const start = (settings: WebSettings): Promise<WebServer> => WebServer.start(settings, command);
  const rows: WebRow[] = [];
  for (const platform of ['express', 'fastify'] as const) {
    const routes: readonly (readonly Route[])[] = effort.orderPlatforms.includes(platform)
      ? [ROUTES, ORDERS]
      : [ROUTES];
    for (const group of routes)
      rows.push(
        ...(await rowsOf(
          group.map((route) => settingsOf(platform, route)),
          start,
          effort,
        )),
      );
  }
  const waits: Waits[] = [];
  for (const route of ['memory', 'redis', 'postgres'] as const) {
    waits.push(...(await waitsOf(settingsOf('express', route), start, effort.waitRounds)));
  }
  return { rows, waits };
}

type Start = (settings: WebSettings) => Promise<WebServer>;

/** Servers beside each other, loaded in turn, round after round; the first one's route is the bare one. */
async function rowsOf(all: readonly WebSettings[], start: Start, effort: WebEffort): Promise<WebRow[]> {
  const servers = await Promise.all(all.map(start));
  try {
    for (const server of servers) await server.load(effort.warmUpRequests);
    const samples = servers.map((server): Samples => ({ server, cpuUs: [], perSecond: [], durations: [] }));
    for (let round = 0; round < effort.rounds; round += 1) {
      for (const sample of samples) await sampled(sample, effort);
    }
    const roundTrips: number[] = [];
    for (const server of servers) roundTrips.push(await server.roundTrips());
    return samples.map((sample, index) => rowOf(sample, samples[0]?.cpuUs ?? [], roundTrips[index] ?? 0));
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

async function sampled({ server, cpuUs, perSecond, durations }: Samples, effort: WebEffort): Promise<void> {
  const busy = await server.busy(effort.busyRequests);
  cpuUs.push(busy.cpuUs);
  perSecond.push(busy.perSecond);
  durations.push(...(await server.load(effort.singleRequests, 1)));
}

function rowOf(samples: Samples, bareUs: readonly number[], roundTrips: number): WebRow {
  const { server, cpuUs, perSecond, durations } = samples;
  const added = cpuUs.map((us, round) => us - (bareUs[round] ?? 0));
  const { platform, route } = server.settings;
  return {
    platform,
    route,
    cpuUs: median(cpuUs),
    cpuSpread: quartiles(cpuUs),
    addedUs: median(added),
    addedSpread: quartiles(added),
    perSecond: median(perSecond),
    p50Ms: median(durations),
    p99Ms: quantile(durations, 0.99),
    roundTrips,
  };
}

function quartiles(values: readonly number[]): readonly [number, number] {
  return [quantile(values, 0.25), quantile(values, 0.75)];
}
