import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { BeginMessage, ChildMessage } from './child.js';

const READY_WITHIN_MS = 20_000;
const STOP_WITHIN_MS = 3_000;
const KEPT_OUTPUT = 4_000;

/** A started process that has said it is ready. */
export interface Child {
  readonly title: string;
  readonly process: ChildProcess;
  readonly port: number;
}

export interface ChildSpec {
  readonly title: string;
  /** The compiled script, relative to this folder. */
  readonly script: string;
  readonly settings: object;
  /** Beside the variables of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Passes on what the process prints; otherwise it is told only if the process ends unexpectedly. */
  readonly isShown?: boolean;
}

/** Starts processes, watches them, and leaves none behind. */
export class ChildProcesses {
  private readonly living = new Set<ChildProcess>();
  /** Those whose end was wanted. */
  private readonly released = new WeakSet<ChildProcess>();

  constructor(
    private readonly signal: AbortSignal,
    private readonly onUnexpectedEnd: (error: Error) => void,
  ) {}

  /** @throws {Error} when the process ends, or says nothing for too long, before it is ready; or after the abort */
  async start({ title, script, settings, env, isShown = false }: ChildSpec): Promise<Child> {
    this.signal.throwIfAborted();
    const path = fileURLToPath(new URL(script, import.meta.url));
    const child = fork(path, [JSON.stringify(settings)], {
      silent: true,
      execArgv: ['--enable-source-maps'],
      env: { ...process.env, ...env },
    });
    if (child.pid !== undefined) this.living.add(child);
    const output = keptOutput(child, isShown);
    child.once('exit', (code, signal) => {
      this.living.delete(child);
      if (this.released.has(child)) return;
      const end = signal === null ? `ended with code ${code}` : `was ended by ${signal}`;
      this.onUnexpectedEnd(new Error(`${title} (process ${child.pid}) ${end}\n${output()}`.trimEnd()));
    });
    return { title, process: child, port: await readyPort(child, title) };
  }

  /** As an outage of the machine would: no warning, no farewell. */
  async kill(child: Child): Promise<void> {
    this.released.add(child.process);
    const gone = once(child.process, 'exit');
    child.process.kill('SIGKILL');
    await gone;
  }

  /** @throws {Error} naming the processes that had to be killed */
  async stopAll(): Promise<void> {
    const stubborn = await Promise.all([...this.living].map((child) => this.stop(child)));
    const pids = stubborn.filter((pid) => pid !== undefined);
    if (pids.length > 0) throw new Error(`had to be killed, would not stop: process ${pids.join(', ')}`);
  }

  /** The last resort, when there is no time to wait. */
  killAllNow(): void {
    for (const child of this.living) child.kill('SIGKILL');
  }

  /** The number of the process if it had to be killed. */
  private async stop(child: ChildProcess): Promise<number | undefined> {
    this.released.add(child);
    if (child.exitCode !== null || child.signalCode !== null) return undefined;
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
    await gone;
    clearTimeout(timer);
    return child.signalCode === 'SIGKILL' ? child.pid : undefined;
  }
}

export function begin(children: readonly Child[], startAtMs: number): void {
  const message: BeginMessage = { kind: 'begin', startAtMs };
  for (const child of children) child.process.send(message, () => undefined); // a dead child reports itself
}

function readyPort(child: ChildProcess, title: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const late = (): void => reject(new Error(`${title} was not ready within ${READY_WITHIN_MS} ms`));
    const timer = setTimeout(late, READY_WITHIN_MS);
    const fail = (error: Error): void => {
      clearTimeout(timer);
      reject(error);
    };
    child.once('exit', () => fail(new Error(`${title} ended before it was ready`)));
    child.on('error', fail);
    child.on('message', (message: ChildMessage) => {
      if (message.kind !== 'ready') return;
      clearTimeout(timer);
      resolve(message.port);
    });
  });
}

/** Reads what the process prints, so that it never blocks, and keeps the end of it for a report. */
function keptOutput(child: ChildProcess, isShown: boolean): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text = (text + chunk).slice(-KEPT_OUTPUT);
      if (isShown) process.stderr.write(chunk);
    });
  }
  return () => text;
}
