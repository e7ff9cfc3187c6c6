import type { AppSettings, Mode } from '../main.js';
import type { UpstreamUrls } from '../http/upstream.client.js';
import {
  type FaultPlan,
  type Phase,
  phaseWith,
  type PlanLength,
  type UpstreamName,
} from '../upstreams/fault-plan.js';
import type { UpstreamSettings } from '../upstreams/upstream.process.js';
import { begin, type Child } from './child-processes.js';
import { read, urlOf } from './read.js';
import type { StatsReport } from '../stats/stats.js';
import type { ChargeBook } from '../upstreams/handlers.js';
import type { Session } from './session.js';

const UPSTREAMS: readonly UpstreamName[] = ['payments', 'inventory', 'shipping'];

export interface ShopOptions {
  readonly mode: Mode;
  readonly plan: PlanLength;
  readonly isLooping: boolean;
  readonly port: number;
}

/** The application with its upstreams, each a process of its own. */
export class Shop {
  private constructor(
    private readonly session: Session,
    private readonly options: ShopOptions,
    private readonly upstreams: Map<UpstreamName, Child>,
    readonly app: Child,
  ) {}

  static async open(session: Session, options: ShopOptions): Promise<Shop> {
    const upstreams = new Map<UpstreamName, Child>();
    const started = UPSTREAMS.map(async (name) => {
      upstreams.set(name, await session.children.start(upstreamSpec(name, 0, options)));
    });
    await session.orEnd(Promise.all(started));

    const urls = Object.fromEntries(
      [...upstreams].map(([name, child]) => [name, urlOf(child)]),
    ) as UpstreamUrls;
    const settings: AppSettings = { mode: options.mode, port: options.port, urls };
    const app = session.children.start({
      title: `${options.mode} app`,
      script: '../main.js',
      settings,
      isShown: options.isLooping,
    });
    return new Shop(session, options, upstreams, await session.orEnd(app));
  }

  get url(): string {
    return urlOf(this.app);
  }

  /** The live page of the healing half. */
  get page(): string {
    return `${this.url}/resilience`;
  }

  stats(): Promise<StatsReport> {
    return read<StatsReport>(`${this.url}/stats`);
  }

  charges(): Promise<ChargeBook> {
    return read<ChargeBook>(`${this.urlOf('payments')}/charges`);
  }

  urlOf(name: UpstreamName): string {
    return urlOf(this.upstream(name));
  }

  begin(startAtMs: number): void {
    begin([...this.upstreams.values()], startAtMs);
  }

  /** Kills what the plan kills, and starts it again on the same port. */
  async killAndRestart(plan: FaultPlan, startAtMs: number): Promise<void> {
    const phase = phaseWith(plan, 'killed');
    const name = victimOf(phase);
    await this.session.sleep(startAtMs + phase.beginsMs - Date.now());
    const { port } = this.upstream(name);
    await this.session.children.kill(this.upstream(name));

    await this.session.sleep(startAtMs + phase.endsMs - Date.now());
    const spec = upstreamSpec(name, port, this.options);
    const child = await this.session.orEnd(this.session.children.start(spec));
    this.upstreams.set(name, child);
    begin([child], startAtMs);
  }

  private upstream(name: UpstreamName): Child {
    const child = this.upstreams.get(name);
    if (child === undefined) throw new Error(`${name} has not been started`);
    return child;
  }
}

function upstreamSpec(name: UpstreamName, port: number, { plan, isLooping }: ShopOptions) {
  const settings: UpstreamSettings = { name, port, plan, isLooping };
  return { title: name, script: '../upstreams/upstream.process.js', settings };
}

function victimOf(phase: Phase): UpstreamName {
  const name = UPSTREAMS.find((upstream) => phase.faults[upstream]?.kind === 'killed');
  if (name === undefined) throw new Error(`nobody is killed in "${phase.name}"`);
  return name;
}
