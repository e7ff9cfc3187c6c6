import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, chown, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { programsOf } from './binaries.mjs';
import { freePort, GuardedProcess, removeFolder, temporaryFolder, untilReady } from './guarded-process.js';

const run = promisify(execFile);

/** A PostgreSQL server for tests. */
export interface TestPostgres {
  readonly url: string;
  stop(): Promise<void>;
}

/** A server of one's own, whose processes can be killed and started again over the same data. */
export interface OwnPostgres extends TestPostgres {
  /** The process that all others of the server are children of. */
  readonly process: GuardedProcess;
  /** Kills all processes of the server at once, as a power failure would. */
  crash(): Promise<void>;
  /** Starts it again once its processes have ended. */
  restart(): Promise<void>;
  /** Stops all processes of the server where they are; connections stay open. */
  freeze(): Promise<void>;
  /** They go on. */
  thaw(): Promise<void>;
}

/**
 * A database of one's own on the server of DATABASE_URL where that is set (the user must be allowed to create one),
 * else a server of one's own: for tests that do the server no harm.
 */
export async function startPostgres(): Promise<TestPostgres> {
  const given = process.env['DATABASE_URL'];
  if (!given) return startOwnPostgres();
  const name = `selfheal_test_${randomBytes(6).toString('hex')}`;
  await statement(given, `CREATE DATABASE ${name}`);
  const stop = () => statement(given, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  return { url: databaseOf(given, name), stop };
}

/** The address of another database of the same server. */
export function databaseOf(url: string, name: string): string {
  const address = new URL(url);
  address.pathname = `/${name}`;
  return address.href;
}

/** A server with durable commits, as in production; further settings as `name=value`. */
export async function startOwnPostgres(...settings: readonly string[]): Promise<OwnPostgres> {
  const programs = await programsOf('postgres');
  const folder = await temporaryFolder('postgres');
  const user = await unprivilegedUser();
  if (user !== undefined) await chown(folder, user.uid, user.gid);
  await chmod(folder, 0o700);
  const data = join(folder, 'data');
  const initialise = ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync', '-E', 'UTF8', '--locale=C'];
  await runAs(user, [programs.initdb, ...initialise]);
  const port = await freePort();
  const given = ['listen_addresses=127.0.0.1', `unix_socket_directories=${folder}`, ...settings];
  const options = given.flatMap((setting) => ['-c', setting]);
  const command = asUser(user, [programs.postgres, '-D', data, '-p', String(port), ...options]);
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  return new RunningPostgres(url, folder, command, await started(command, url));
}

class RunningPostgres implements OwnPostgres {
  constructor(
    readonly url: string,
    private readonly folder: string,
    private readonly command: readonly string[],
    private server: GuardedProcess,
  ) {}

  get process(): GuardedProcess {
    return this.server;
  }

  async crash(): Promise<void> {
    // Frozen first, so that it does not see its children die and clean up after them.
    this.server.signal('SIGSTOP');
    await this.signalChildren('SIGKILL');
    await this.server.stop('SIGKILL');
  }

  async freeze(): Promise<void> {
    // First the one that would make more of them.
    this.server.signal('SIGSTOP');
    await this.signalChildren('SIGSTOP');
  }

  async thaw(): Promise<void> {
    await this.signalChildren('SIGCONT');
    this.server.signal('SIGCONT');
  }

  async restart(): Promise<void> {
    this.server = await started(this.command, this.url);
  }

  async stop(): Promise<void> {
    if (this.server.isRunning) await this.thaw();
    await this.server.stop();
    await removeFolder(this.folder);
  }

  private async signalChildren(name: NodeJS.Signals): Promise<void> {
    const { pid } = this.server;
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
    for (const child of children.split(' ').map(Number).filter(Boolean)) {
      try {
        process.kill(child, name);
      } catch (error) {
        // It has ended by itself meanwhile.
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
    }
  }
}

async function started(command: readonly string[], url: string): Promise<GuardedProcess> {
  const server = await GuardedProcess.start(command);
  await untilReady(server, () => pinged(url));
  return server;
}

function pinged(url: string): Promise<void> {
  return statement(url, 'SELECT 1');
}

async function statement(url: string, text: string): Promise<void> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query(text);
  } finally {
    await client.end().catch(() => undefined);
  }
}

interface User {
  readonly uid: number;
  readonly gid: number;
}

/** PostgreSQL refuses to run as root. */
async function unprivilegedUser(): Promise<User | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    const ids = await Promise.all(['-u', '-g'].map((flag) => run('id', [flag, name]))).catch(() => undefined);
    const [uid, gid] = ids?.map(({ stdout }) => Number(stdout)) ?? [];
    if (uid !== undefined && gid !== undefined) return { uid, gid };
  }
  throw new Error(
    'the tests run as root and PostgreSQL refuses that; add a user "postgres" or set DATABASE_URL',
  );
}

/** The command, started as that user: it replaces itself, so its process is the server's. */
function asUser(user: User | undefined, command: readonly string[]): readonly string[] {
  if (user === undefined) return command;
  const { uid, gid } = user;
  return ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', ...command];
}

async function runAs(user: User | undefined, command: readonly string[]): Promise<void> {
  const [program = '', ...args] = asUser(user, command);
  await run(program, args, { cwd: '/' });
}
