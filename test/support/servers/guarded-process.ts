import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// Whatever ends this process, by SIGKILL included, closes the pipe that `cat` reads, and so ends the server. Its
// children are a process group of their own. It says the server's number first, and ends as soon as that has ended.
const GUARD = `
"$@" </dev/null & server=$!
echo "$server"
(cat >/dev/null; kill -INT "$server" 2>/dev/null; sleep 5; kill -KILL "$server" 2>/dev/null) <&3 >/dev/null 2>&1 & guard=$!
wait "$server"
kill "$guard" 2>/dev/null
`;

/** A port of the loopback interface that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('a server without a port');
  return address.port;
}

/** A folder that lives as long as a server. */
export async function temporaryFolder(name: string): Promise<string> {
  await mkdir(tmpdir(), { recursive: true });
  return mkdtemp(join(tmpdir(), `selfheal-${name}-`));
}

/** Removes what `temporaryFolder` has made. */
export function removeFolder(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** A server in a process of its own that does not outlive the tests. */
export class GuardedProcess {
  private output = '';

  private constructor(
    private readonly guard: ChildProcess,
    /** Of the server itself. */
    readonly pid: number,
    private readonly ended: Promise<unknown>,
  ) {
    for (const stream of [guard.stdout, guard.stderr]) {
      stream?.on('data', (chunk) => (this.output = (this.output + String(chunk)).slice(-4_000)));
    }
  }

  static async start(command: readonly string[]): Promise<GuardedProcess> {
    const guard = spawn('sh', ['-c', `exec 3<&0; ${GUARD}`, 'guard', ...command], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    guard.stdin.on('error', () => undefined);
    const ended = once(guard, 'exit');
    const [first] = (await Promise.race([once(guard.stdout, 'data'), ended])) as [unknown];
    const pid = Number.parseInt(String(first), 10);
    if (!(pid > 0)) throw new Error(`${command[0]} could not be started`);
    return new GuardedProcess(guard, pid, ended);
  }

  /** What it printed last. */
  get printed(): string {
    return this.output;
  }

  get isRunning(): boolean {
    return this.guard.exitCode === null && this.guard.signalCode === null;
  }

  /** Sends a signal to the server alone. */
  signal(name: NodeJS.Signals): void {
    process.kill(this.pid, name);
  }

  /** The server may end before its guard has told of it. */
  private signalIfThere(name: NodeJS.Signals): void {
    try {
      if (this.isRunning) this.signal(name);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
    }
  }

  /** Ends the server and waits for it. */
  async stop(name: NodeJS.Signals = 'SIGINT'): Promise<void> {
    // A frozen one hears nothing else until it goes on.
    for (const each of name === 'SIGKILL' ? [name] : [name, 'SIGCONT' as const]) this.signalIfThere(each);
    await this.ended;
    this.guard.stdin?.end();
    this.guard.stdout?.destroy();
    this.guard.stderr?.destroy();
  }
}

const FIRST_LOOKS_MS = 20;

/** Waits until a server answers; fails as soon as its process has ended. */
export async function untilReady(server: GuardedProcess, isReady: () => Promise<unknown>): Promise<void> {
  for (let look = 0; look < 1_000; look += 1) {
    if (!server.isRunning) break;
    try {
      await isReady();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, FIRST_LOOKS_MS));
    }
  }
  throw new Error(`the server did not become ready: ${server.printed}`);
}
