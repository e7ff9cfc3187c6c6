import { createClient } from 'redis';
import { programsOf } from './binaries.mjs';
import { freePort, GuardedProcess, removeFolder, temporaryFolder, untilReady } from './guarded-process.js';

/** A Redis server for tests: the one of REDIS_URL, or one that was started for them. */
export interface TestRedis {
  readonly url: string;
  /** Missing where the server is not ours: its process cannot be stopped, nor its settings changed. */
  readonly process: GuardedProcess | undefined;
  stop(): Promise<void>;
}

/** The server of REDIS_URL where that is set, else one on a private port of the loopback interface. */
export async function startRedis(): Promise<TestRedis> {
  const url = process.env['REDIS_URL'];
  return url ? { url, process: undefined, stop: async () => undefined } : startOwnRedis();
}

/** A server of one's own, to be stopped, frozen and configured; further arguments are those of `redis-server`. */
export async function startOwnRedis(
  ...settings: readonly string[]
): Promise<TestRedis & { readonly process: GuardedProcess }> {
  const { 'redis-server': program } = await programsOf('redis');
  const folder = await temporaryFolder('redis');
  const port = await freePort();
  const address = ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder];
  const command = [program, ...address, '--save', '', '--appendonly', 'no', ...settings];
  const server = await GuardedProcess.start(command);
  const url = `redis://127.0.0.1:${port}`;
  await untilReady(server, () => pinged(url));
  return {
    url,
    process: server,
    stop: async () => {
      await server.stop();
      await removeFolder(folder);
    },
  };
}

async function pinged(url: string): Promise<void> {
  const client = createClient({ url, socket: { reconnectStrategy: false } });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.ping();
  } finally {
    if (client.isOpen) client.destroy();
  }
}
