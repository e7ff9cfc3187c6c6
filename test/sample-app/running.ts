import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const ROOT = join(import.meta.dirname, '../..');
const LOOK_EVERY_MS = 100;

/** A script of the sample application that runs as a process of its own, with all that it has printed. */
export class Running {
  readonly process: ChildProcess;
  readonly ended: Promise<number | NodeJS.Signals>;
  out = '';
  err = '';

  constructor(script: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
    this.process = spawn(process.execPath, [join('sample-app', script), ...args], {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.process.stdout?.setEncoding('utf8').on('data', (text: string) => (this.out += text));
    this.process.stderr?.setEncoding('utf8').on('data', (text: string) => (this.err += text));
    this.ended = once(this.process, 'close').then(([code, signal]) => code ?? signal);
  }

  /** @throws {Error} with the output, when the process ends before it has printed this */
  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    let hasEnded = false;
    void this.ended.then(() => (hasEnded = true));
    for (;;) {
      const match = pattern.exec(this.out) ?? pattern.exec(this.err);
      if (match !== null) return match;
      if (hasEnded) throw new Error(`ended without printing ${pattern}\n${this.out}\n${this.err}`);
      await delay(LOOK_EVERY_MS);
    }
  }

  /** The numbers of the processes that it has started, theirs included. */
  descendants(): number[] {
    return descendantsOf(this.process.pid ?? 0, parentsByPid());
  }

  /** Whatever a test found or failed at, nothing of it stays. */
  async end(): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) this.process.kill('SIGKILL');
    await this.ended;
  }
}

/** Those that are alive after a while in which they could end. */
export async function leftOf(pids: readonly number[], withinMs = 5_000): Promise<number[]> {
  const untilMs = Date.now() + withinMs;
  for (;;) {
    const left = pids.filter(isAlive);
    if (left.length === 0 || Date.now() > untilMs) return left;
    await delay(LOOK_EVERY_MS);
  }
}

/** The line with which the process was started. */
export function commandOf(pid: number): string {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
}

/** A process that has ended and waits for its parent to notice does not count as alive. */
function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}/stat`) && fieldsOf(pid)?.state !== 'Z';
}

function descendantsOf(pid: number, parents: ReadonlyMap<number, number>): number[] {
  const children = [...parents].filter(([, parent]) => parent === pid).map(([child]) => child);
  return children.flatMap((child) => [child, ...descendantsOf(child, parents)]);
}

function parentsByPid(): Map<number, number> {
  const pids = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  return new Map(pids.map((pid) => [pid, fieldsOf(pid)?.parent ?? 0]));
}

/** State and parent from /proc/…/stat; the name before them is in brackets and may hold anything. */
function fieldsOf(pid: number): { state: string; parent: number } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state = '', parent = '0'] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state, parent: Number(parent) };
  } catch {
    return undefined; // it has ended meanwhile
  }
}
