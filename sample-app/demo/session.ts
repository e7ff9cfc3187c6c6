import { setMaxListeners } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { ChildProcesses } from './child-processes.js';

const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
const PARENT_CHECK_MS = 1_000;
/** More sleep at once than Node takes for a leak. */
const SLEEPERS = 64;

/** Ends a session with an exit code of its own; not a failure of the program. */
class Interrupted extends Error {
  constructor(
    readonly signal: string,
    readonly exitCode: number,
  ) {
    super(`stopped by ${signal}`);
  }
}

/** A piece of work with child processes, which ends as a whole. */
export class Session {
  private readonly ending = new AbortController();
  readonly children = new ChildProcesses(this.signal, (error) => this.fail(error));

  constructor() {
    setMaxListeners(SLEEPERS, this.signal);
  }

  /** Aborts when the session has to end. */
  get signal(): AbortSignal {
    return this.ending.signal;
  }

  /** Ends the session; the first reason counts. */
  fail(reason: Error): void {
    if (!this.signal.aborted) this.ending.abort(reason);
  }

  /** @throws the reason for which the session ends, should it end first */
  async sleep(ms: number): Promise<void> {
    if (ms > 0) await this.orEnd(delay(ms, undefined, { signal: this.signal }));
  }

  /** @throws the reason for which the session ends, should it end first */
  async orEnd<T>(work: Promise<T>): Promise<T> {
    const { signal } = this;
    let onAbort: () => void = () => undefined;
    const end = new Promise<never>((_, reject) => {
      onAbort = () => reject(signal.reason as Error);
      signal.addEventListener('abort', onAbort, { once: true });
    });
    if (signal.aborted) onAbort();
    return Promise.race([work, end]).finally(() => signal.removeEventListener('abort', onAbort));
  }
}

/**
 * Runs the work and ends this process, with code 0 only if the work was done and every child stopped.
 * No child outlives it: they are stopped at the end, on signals and on errors nobody caught, and end
 * by themselves when this process is killed. Where a signal is the ordinary end, it ends with code 0 too.
 */
export async function runSession(
  work: (session: Session) => Promise<void>,
  { isEndedBySignal = false } = {},
): Promise<never> {
  const session = new Session();
  watchTheWorld(session);
  let exitCode = await session.orEnd(work(session)).then(
    () => 0,
    (error: unknown) => (isEndedBySignal && error instanceof Interrupted ? 0 : explain(error)),
  );
  await session.children.stopAll().catch((error: unknown) => {
    const failure = explain(error);
    exitCode ||= failure;
  });
  process.exit(exitCode);
}

function watchTheWorld(session: Session): void {
  for (const [signal, exitCode] of Object.entries(SIGNALS)) {
    process.on(signal, () => session.fail(new Interrupted(signal, exitCode)));
  }
  process.on('uncaughtException', (error) => session.fail(error));
  process.on('unhandledRejection', (reason) =>
    session.fail(reason instanceof Error ? reason : new Error(String(reason))),
  );
  process.on('exit', () => session.children.killAllNow());
  for (const output of [process.stdout, process.stderr]) {
    output.on('error', (error) => session.fail(error)); // the reader has gone, as in `| head`
  }
  watchNpm(session);
}

/** A killed npm takes nobody along, so we look after it. */
function watchNpm(session: Session): void {
  if (process.env['npm_lifecycle_event'] === undefined) return;
  const npm = npmPid();
  setInterval(() => {
    if (npmPid() !== npm) session.fail(new Error('npm was killed'));
  }, PARENT_CHECK_MS).unref();
}

/** npm is our parent, or there is a shell between us that outlives it. */
function npmPid(): number {
  try {
    const [, name, parent] =
      /\((.*)\) \S (\d+)/.exec(readFileSync(`/proc/${process.ppid}/stat`, 'utf8')) ?? [];
    return name === 'sh' ? Number(parent) : process.ppid;
  } catch {
    return process.ppid; // a system without /proc
  }
}

function explain(error: unknown): number {
  if (error instanceof Interrupted) return error.exitCode;
  process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
  return 1;
}
