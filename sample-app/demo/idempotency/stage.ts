import type { AppSettings } from '../../main.js';
import type { StatsReport } from '../../stats/stats.js';
import type { ChargeBook } from '../../upstreams/handlers.js';
import type { Child, ChildSpec } from '../child-processes.js';
import { read, urlOf } from '../read.js';
import type { Session } from '../session.js';
import type { LatePaymentsSettings } from './late-payments.process.js';
import { OrderClient } from './order-client.js';
import { openSharedStore } from './shared-store.js';

/** The third order must be unanswered long enough for a process to be killed. */
const ANSWERS_AFTER_MS = [700, 700, 1_500] as const;
const LOOK_EVERY_MS = 20;
const CHARGED_WITHIN_MS = 10_000;

/** What has happened so far. */
export interface Counts {
  readonly requests: number;
  /** Runs of the handler, those included that ended with their process. */
  readonly executions: number;
  readonly replays: number;
  readonly takeovers: number;
  readonly charges: number;
}

/** Two API processes of one shop, payments, and the store between them; each a process of its own. */
export class Stage {
  readonly client = new OrderClient();
  /** Of a process that is no more. */
  private readonly lastWords = new Map<Child, StatsReport>();

  private constructor(
    private readonly session: Session,
    private readonly payments: Child,
    /** The API processes; a balancer would spread the requests over them. */
    readonly apis: readonly [Child, Child],
    readonly storeName: string,
  ) {}

  static async open(session: Session): Promise<Stage> {
    const settings: LatePaymentsSettings = { answersAfterMs: ANSWERS_AFTER_MS };
    const script = './idempotency/late-payments.process.js';
    const spec = { title: 'late payments', script, settings };
    const [store, payments] = await session.orEnd(
      Promise.all([openSharedStore(session), session.children.start(spec)]),
    );
    const start = (name: string): Promise<Child> =>
      session.children.start({ ...apiSpec(`API process ${name}`, urlOf(payments)), env: store.env });
    const apis = await session.orEnd(Promise.all([start('A'), start('B')]));
    return new Stage(session, payments, apis, store.name);
  }

  sleep(ms: number): Promise<void> {
    return this.session.sleep(ms);
  }

  /** Waits until so many orders have been charged. */
  async untilCharged(orders: number): Promise<void> {
    const untilMs = Date.now() + CHARGED_WITHIN_MS;
    while ((await this.book()).orders < orders) {
      if (Date.now() > untilMs) throw new Error(`order ${orders} was not charged in ${CHARGED_WITHIN_MS} ms`);
      await this.session.sleep(LOOK_EVERY_MS);
    }
  }

  /** SIGKILL: no warning, no farewell. Its counts are asked for before that. */
  async kill(api: Child): Promise<void> {
    this.lastWords.set(api, await this.statsOf(api));
    await this.session.children.kill(api);
  }

  async counts(): Promise<Counts> {
    const reports = await Promise.all(this.apis.map((api) => this.lastWords.get(api) ?? this.statsOf(api)));
    const sum = (of: (report: NonNullable<StatsReport['idempotency']>) => number): number =>
      reports.reduce((total, { idempotency }) => total + (idempotency ? of(idempotency) : 0), 0);
    const takeovers = sum(({ tookOver }) => tookOver);
    return {
      requests: this.client.requests,
      // Behind every takeover is a run of which nobody could tell that it ended.
      executions: sum(({ executed }) => executed) + takeovers,
      replays: sum(({ replayed }) => replayed),
      takeovers,
      charges: (await this.book()).charges,
    };
  }

  private statsOf(api: Child): Promise<StatsReport> {
    return this.session.orEnd(read<StatsReport>(`${urlOf(api)}/stats`));
  }

  private book(): Promise<ChargeBook> {
    return this.session.orEnd(read<ChargeBook>(`${urlOf(this.payments)}/charges`));
  }
}

function apiSpec(title: string, url: string): ChildSpec {
  // Orders ask nobody but payments.
  const urls = { payments: url, inventory: url, shipping: url };
  const settings: AppSettings = { mode: 'healing', port: 0, urls };
  return { title, script: '../main.js', settings };
}
