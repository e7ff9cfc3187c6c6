import { randomBytes } from 'node:crypto';
import { createClient } from 'redis';
import { programsOf } from './binaries.mjs';
import { freePort, GuardedProcess, removeFolder, temporaryFolder, untilReady } from './guarded-process.js';

const SCANNED_AT_ONCE = 500;

/** A Redis server for tests: the one of REDIS_URL, or one that was started for them. */
export interface TestRedis {
  readonly url: string;
  /** What names of these tests begin with, before a colon; the server may have keys of others. */
  readonly namespace: string;
  /** Missing where the server is not ours: its process cannot be stopped, nor its settings changed. */
  readonly process: GuardedProcess | undefined;
  stop(): Promise<void>;
}

/**
 * The server of REDIS_URL where that is set, else one on a private port of the loopback interface: for tests that do
 * the server no harm. In the end nothing of its namespace is left.
 */
export async function startRedis(): Promise<TestRedis> {
  const url = process.env['REDIS_URL'];
  if (!url) return startOwnRedis();
  const namespace = freshNamespace();
  return { url, namespace, process: undefined, stop: () => removeKeys(url, namespace) };
}

function freshNamespace(): string {
  return `selfheal-test-${randomBytes(6).toString('hex')}`;
}

async function removeKeys(url: string, namespace: string): Promise<void> {
  const client = await createClient({ url }).connect();
  try {
    for await (const keys of client.scanIterator({ MATCH: `${namespace}:*`, COUNT: SCANNED_AT_ONCE })) {
      if (keys.length > 0) await client.unlink(keys);
    }
  } finally {
    await client.close();
  }
}

/** A server of one's own, to be stopped, frozen, configured, killed, and started again over the same folder. */
export interface OwnRedis extends TestRedis {
  readonly process: GuardedProcess;
  /** Kills it, as a power failure would. */
  crash(): Promise<void>;
  /** Starts it again once its process has ended; what it had kept on disk is there. */
  restart(): Promise<void>;
  /** Stops its process where it is; connections stay open. */
  freeze(): Promise<void>;
  /** It goes on. */
  thaw(): Promise<void>;
}

/** A server that keeps nothing on disk; further arguments are those of `redis-server`, and win. */
export async function startOwnRedis(...settings: readonly string[]): Promise<OwnRedis> {
  const { 'redis-server': program } = await programsOf('redis');
  const folder = await temporaryFolder('redis');
  const port = await freePort();
  const address = ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder];
  const command = [program, ...address, '--save', '', '--appendonly', 'no', ...settings];
  const url = `redis://127.0.0.1:${port}`;
  return new RunningRedis(url, folder, command, await started(command, url));
}

class RunningRedis implements OwnRedis {
  readonly namespace = freshNamespace();

  constructor(
    readonly url: string,
    private readonly folder: string,
    private readonly command: readonly string[],
    private server: GuardedProcess,
  ) {}

  get process(): GuardedProcess {
    return this.server;
  }

  crash(): Promise<void> {
    return this.server.stop('SIGKILL');
  }

  async restart(): Promise<void> {
    this.server = await started(this.command, this.url);
  }

  async freeze(): Promise<void> {
    this.server.signal('SIGSTOP');
  }

  async thaw(): Promise<void> {
    this.server.signal('SIGCONT');
  }

  async stop(): Promise<void> {
    await this.server.stop();
    await removeFolder(this.folder);
  }
}

async function started(command: readonly string[], url: string): Promise<GuardedProcess> {
  const server = await GuardedProcess.start(command);
  await untilReady(server, () => pinged(url));
  return server;
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
