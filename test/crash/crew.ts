import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Ending, Ledger } from './ledger.js';
import type { CallOrder, Moment, Order, RaceOrder, Report, WorkerSettings } from './orders.js';

/** How a call ended; `gone` where its process did. */
export type CallEnd = Ending | 'gone';

const WORKER = join(import.meta.dirname, 'worker.cjs');
const SHIFTED_CLOCK = join(import.meta.dirname, 'shifted-clock.cjs');

let lastId = 0;
function nextId(): number {
  lastId += 1;
  return lastId;
}

/** A process of its own: an application with a store, which calls what it is told to. */
export class Worker {
  private readonly waiting = new Map<number, (end: CallEnd) => void>();
  private readonly ended: Promise<unknown>;
  private readonly readiness: Promise<void>;
  private entered: () => void = () => undefined;
  private asking: ((moment: Moment) => void) | undefined;
  private complaint = '';
  private isOver = false;

  constructor(
    settings: WorkerSettings,
    private readonly ledger: Ledger,
    clockShiftMs = 0,
  ) {
    this.process = fork(WORKER, [JSON.stringify(settings)], {
      execArgv: clockShiftMs === 0 ? [] : ['--require', SHIFTED_CLOCK],
      env: { ...process.env, CLOCK_SHIFT_MS: String(clockShiftMs) },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.process.stderr?.on('data', (chunk) => (this.complaint += String(chunk)));
    this.ended = once(this.process, 'exit').then(() => this.over());
    const died = this.ended.then(() => {
      throw new Error(`a worker ended before it was ready: ${this.complaint.slice(-2_000)}`);
    });
    this.readiness = Promise.race([new Promise<void>((resolve) => this.listen(resolve)), died]);
    // It is the affair of whoever waits for it.
    this.readiness.catch(() => undefined);
  }

  private readonly process: ChildProcess;

  get pid(): number {
    return this.process.pid ?? 0;
  }

  /** Resolves when it can be told something. */
  ready(): Promise<void> {
    return this.readiness;
  }

  /** Makes a call, and tells how it ended. */
  call(order: Omit<CallOrder, 'order' | 'id'>): Promise<CallEnd> {
    return this.tell({ order: 'call', id: nextId(), ...order });
  }

  /** Makes many calls; answers when the last one has ended. */
  race(order: Omit<RaceOrder, 'order' | 'id'>): Promise<CallEnd> {
    return this.tell({ order: 'race', id: nextId(), ...order });
  }

  /** The moment at which it asks whether to go on; `undefined` where it never comes to that. */
  asked(atMostMs: number): Promise<Moment | undefined> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(undefined), atMostMs);
      this.asking = (moment) => {
        clearTimeout(timer);
        resolve(moment);
      };
    });
  }

  /** Resolves when a method of it begins, or after so long. */
  enters(atMostMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, atMostMs);
      this.entered = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  go(): void {
    this.send({ order: 'go' });
  }

  /** As the operating system or an operator would: without a word. */
  async kill(): Promise<void> {
    // Written first: whatever it does from now on, it does in a process that is dying.
    this.ledger.append({ line: 'killed', pid: this.pid, key: '' });
    this.process.kill('SIGKILL');
    await this.ended;
  }

  freeze(): void {
    this.ledger.append({ line: 'frozen', pid: this.pid, key: '' });
    this.process.kill('SIGSTOP');
  }

  thaw(): void {
    this.process.kill('SIGCONT');
  }

  /** Asks it to leave, and waits until it has. */
  async leave(): Promise<void> {
    // Before that it hears nothing.
    await this.readiness.catch(() => undefined);
    if (this.process.exitCode === null && this.process.signalCode === null) {
      this.send({ order: 'leave' });
      const timer = setTimeout(() => this.process.kill('SIGKILL'), LEAVE_WITHIN_MS);
      await this.ended;
      clearTimeout(timer);
    }
  }

  private tell(order: CallOrder | RaceOrder): Promise<CallEnd> {
    // It was killed before it could be told.
    if (this.isOver) return Promise.resolve('gone');
    return new Promise((resolve) => {
      this.waiting.set(order.id, resolve);
      this.send(order);
    });
  }

  private send(order: Order): void {
    if (!this.process.connected) return;
    this.process.send(order, () => undefined);
  }

  private listen(ready: () => void): void {
    this.process.on('message', (report: Report) => {
      if (report.report === 'ready') ready();
      if (report.report === 'entered') this.entered();
      if (report.report === 'asking') this.asking?.(report.before);
      if (report.report === 'called') this.end(report.id, report.ending);
      if (report.report === 'raced') this.end(report.id, 'own');
    });
  }

  private end(id: number, end: CallEnd): void {
    this.waiting.get(id)?.(end);
    this.waiting.delete(id);
  }

  private over(): void {
    this.isOver = true;
    for (const resolve of this.waiting.values()) resolve('gone');
    this.waiting.clear();
  }
}

const LEAVE_WITHIN_MS = 15_000;
