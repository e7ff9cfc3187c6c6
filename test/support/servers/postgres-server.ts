import { execFile } from 'node:child_process';
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
    const { pid } = this.server;
    // Frozen first, so that it does not see its children die and clean up after them.
    this.server.signal('SIGSTOP');
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
    for (const child of children.split(' ').map(Number)) {
      if (child > 0) process.kill(child, 'SIGKILL');
    }
    await this.server.stop('SIGKILL');
  }

  async restart(): Promise<void> {
    this.server = await started(this.command, this.url);
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
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  try {
    await client.connect();
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
