import { postOf } from './http-connection.js';
import { median } from './measure.js';
import { machineNowMs, type Route, type SlowAnswer, type WebSettings } from './web-model.js';
import { connectionsTo, WebServer } from './web-server.js';

const REQUESTS = 50;

/** Fifty requests with one key at once, while the first of them is under way. */
export interface Waits {
  readonly route: Route;
  readonly processes: number;
  /** Of the method, for all fifty; the largest of all rounds. */
  readonly executions: number;
  /** From the end of the execution until the last of the fifty had its answer: median of rounds, and the worst. */
  readonly lastMs: number;
  readonly worstMs: number;
}

type Start = (settings: WebSettings) => Promise<WebServer>;

/** In one process, and where the store is shared, in two. */
export async function waitsOf(settings: WebSettings, start: Start, rounds: number): Promise<Waits[]> {
  const counts = settings.route === 'memory' ? [1] : [1, 2];
  const waits: Waits[] = [];
  for (const processes of counts) {
    const servers = await Promise.all(Array.from({ length: processes }, () => start(settings)));
    try {
      waits.push(await waited(servers, rounds));
    } finally {
      await Promise.all(servers.map((server) => server.stop()));
    }
  }
  return waits;
}

async function waited(servers: readonly WebServer[], rounds: number): Promise<Waits> {
  const each = Math.ceil(REQUESTS / servers.length);
  const opened = await Promise.all(servers.map(({ port }) => connectionsTo(port, each)));
  // Neighbours are connections to different processes.
  const connections = Array.from({ length: each }, (_, index) =>
    opened.flatMap((list) => list[index] ?? []),
  ).flat();
  const results: { executions: number; lastMs: number }[] = [];
  // The first round is for the compiler.
  for (let round = 0; round <= rounds; round += 1) {
    const request = postOf('/slow', `same-${process.pid}-${machineNowMs()}`, { round });
    const answers = await Promise.all(
      connections.slice(0, REQUESTS).map(async (connection) => {
        const answer = JSON.parse(await connection.send(request)) as SlowAnswer;
        return { ...answer, atMs: machineNowMs() };
      }),
    );
    const executions = new Set(answers.map(({ execution }) => execution)).size;
    results.push({ executions, lastMs: Math.max(...answers.map(({ atMs, endedMs }) => atMs - endedMs)) });
  }
  for (const connection of connections) connection.close();
  const measured = results.slice(1);
  return {
    route: servers[0]?.settings.route ?? 'memory',
    processes: servers.length,
    executions: Math.max(...results.map(({ executions }) => executions)),
    lastMs: median(measured.map(({ lastMs }) => lastMs)),
    worstMs: Math.max(...measured.map(({ lastMs }) => lastMs)),
  };
}
