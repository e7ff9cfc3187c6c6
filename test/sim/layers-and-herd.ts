import { ours } from './client.js';
import { World } from './world.js';

class Outage extends Error {
  readonly status = 503;
}

const LAYERS = 3;
const LAYERS_DURATION_MS = 60_000;
const SETTLING_MS = 30_000;

/** Case BS-23: processes in a row, each with the default retry; how many times the calls the backend gets. */
export async function layers(callsPerSecond: number, seed: number): Promise<number> {
  const world = new World(seed);
  let [calls, executions] = [0, 0];
  let next = async (): Promise<unknown> => {
    executions += 1;
    throw new Outage('the backend is down');
  };
  for (let layer = 0; layer < LAYERS; layer += 1) {
    const client = ours({ retry: {} })(world);
    const inner = next;
    next = () => client(inner);
  }
  const apartMs = 1_000 / callsPerSecond;
  for (let atMs = 0; atMs < LAYERS_DURATION_MS; atMs += apartMs) {
    world.after(atMs, () => {
      calls += 1;
      next().catch(() => undefined);
    });
  }
  await world.run(LAYERS_DURATION_MS + SETTLING_MS);
  return executions / calls;
}

/** The most that fall into any 10 ms. */
export interface Herd {
  readonly first: number;
  readonly second: number;
}

const BIN_MS = 10;

/** So many clients of their own fail at one moment and go on failing: how close together their retries come. */
export async function herd(clients: number, seed: number): Promise<Herd> {
  const world = new World(seed);
  const times: [number[], number[]] = [[], []];
  for (let index = 0; index < clients; index += 1) {
    let attempt = 0;
    const send = async (): Promise<never> => {
      if (attempt === 1) times[0].push(world.nowMs);
      if (attempt === 2) times[1].push(world.nowMs);
      attempt += 1;
      throw new Outage('all at once');
    };
    ours({ retry: {} })(world)(send).catch(() => undefined);
  }
  await world.run(SETTLING_MS);
  const [first, second] = times;
  return { first: fullestBin(first), second: fullestBin(second) };
}

function fullestBin(times: readonly number[]): number {
  const bins = new Map<number, number>();
  for (const time of times) {
    const bin = Math.floor(time / BIN_MS);
    bins.set(bin, (bins.get(bin) ?? 0) + 1);
  }
  return Math.max(0, ...bins.values());
}
