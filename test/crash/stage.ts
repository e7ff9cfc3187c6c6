import { Worker } from './crew.js';
import { FaultyProxy } from './faulty-proxy.js';
import type { Ledger } from './ledger.js';
import type { WorkerSettings } from './orders.js';
import type { Seeded } from './seeded.js';
import type { StoreKind, StoreServer } from './store-server.js';
import type { Expectation, Verdict } from './verdict.js';

/** How much is done. */
export interface Effort {
  readonly raceKeys: number;
  /** Owners that are killed at the same time. */
  readonly lanes: number;
  readonly killRounds: number;
  readonly freezeRounds: number;
  /** Of each combination of fault and operation; without all combinations one operation per fault is drawn. */
  readonly outageRounds: number;
  readonly allCombinations: boolean;
  readonly transactionRounds: number;
  readonly shiftedKeys: number;
  readonly shiftedKills: number;
}

/** One thing that is done to processes and a store, and what must hold afterwards. */
export interface Scenario {
  readonly name: string;
  readonly title: string;
  readonly expectation: Expectation;
  /** The only store that it can be played on. */
  readonly store?: StoreKind;
  /** What its processes are, beside the usual. */
  readonly settings?: OwnSettings;
  play(stage: Stage): Promise<void>;
  /** Enters the rows that are not in the ledger, once everybody has left. */
  account?(stage: Stage): Promise<void>;
}

/** What a scenario came to. */
export interface Result extends Verdict {
  readonly store: string;
  readonly scenario: string;
  readonly seconds: number;
}

type OwnSettings = Partial<Omit<WorkerSettings, 'store' | 'ledger'>>;

const DEFAULTS = {
  leaseMs: 1_000,
  storeTimeoutMs: 10_000,
  onInFlight: 'wait',
  effect: 'ledger',
} as const;

/** What a scenario is played with. */
export interface StageParts {
  readonly server: StoreServer;
  readonly ledger: Ledger;
  /** Where the ledger is, for other processes. */
  readonly path: string;
  readonly random: Seeded;
  readonly effort: Effort;
  readonly scenario: Scenario;
}

/** Where one scenario is played: a server, a ledger, and whoever was hired for it. */
export class Stage {
  private readonly hired: Worker[] = [];
  private readonly proxies: FaultyProxy[] = [];
  private names = 0;

  constructor(private readonly parts: StageParts) {}

  get server(): StoreServer {
    return this.parts.server;
  }

  get ledger(): Ledger {
    return this.parts.ledger;
  }

  get random(): Seeded {
    return this.parts.random;
  }

  get effort(): Effort {
    return this.parts.effort;
  }

  /** A process; it may not be ready yet. */
  hire(settings: OwnSettings = {}, clockShiftMs = 0): Worker {
    const { server, path, ledger, scenario } = this.parts;
    const own = { url: server.urlAt(server.port), ...scenario.settings, ...settings };
    const worker = new Worker(
      { store: server.kind, ledger: path, ...DEFAULTS, ...own },
      ledger,
      clockShiftMs,
    );
    this.hired.push(worker);
    return worker;
  }

  /** Processes that are ready. */
  async hireAll(
    count: number,
    settings: (number: number) => readonly [OwnSettings, number],
  ): Promise<Worker[]> {
    const workers = Array.from({ length: count }, (_, number) => this.hire(...settings(number)));
    await Promise.all(workers.map((worker) => worker.ready()));
    return workers;
  }

  /** A way to the server that can be disturbed. */
  async proxy(): Promise<FaultyProxy> {
    const proxy = await FaultyProxy.start(this.server.port);
    this.proxies.push(proxy);
    return proxy;
  }

  /** Keys that nobody has used. */
  keys(count: number): string[] {
    return Array.from({ length: count }, () => {
      this.names += 1;
      return `${this.parts.scenario.name}-${this.names}`;
    });
  }

  /** Everybody leaves, and has written down what there was to write. */
  async clear(): Promise<void> {
    await Promise.all(this.hired.splice(0).map((worker) => worker.leave()));
    await Promise.all(this.proxies.splice(0).map((proxy) => proxy.close()));
  }
}
