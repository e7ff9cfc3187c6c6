import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Chaos, ResilienceExplorer, ResilienceRuntime } from '../../nest/index.js';
import { Board } from './board.js';
import type { ShownOptions } from './catalogue.js';
import { Controls } from './controls.js';
import type { ResolvedDashboardOptions } from './dashboard.options.js';
import type { Registries } from './gauges.js';
import { NumberedNames } from './numbered-names.js';
import { makePage, type Page } from './page-source.js';
import { type RefusedOrder, type RequestHeaders, whatSpeaksAgainst } from './same-origin.js';
import type { EventResponse } from './viewer.js';
import { Viewers } from './viewers.js';

/** What the page of an application is made of. */
export interface DashboardParts {
  readonly options: ResolvedDashboardOptions;
  readonly runtime: ResilienceRuntime;
  readonly explorer: ResilienceExplorer;
  readonly registries: Registries;
  readonly chaos: Chaos;
}

/** The page of one application: what it counts, who looks at it, and what it may be ordered to do. */
export class Dashboard {
  readonly page: Page = makePage();
  private readonly token = randomUUID();
  private readonly startedAtMs: number;
  private readonly board: Board;
  private readonly viewers: Viewers;
  private readonly controls: Controls;

  constructor(private readonly parts: DashboardParts) {
    const { runtime, explorer, registries, chaos, options } = parts;
    const { environment, events, lifetime } = runtime;
    const names = new NumberedNames();
    this.startedAtMs = environment.clock.wallMs();
    this.board = new Board({
      environment,
      events,
      explorer,
      registries,
      names,
      chaos: () => this.controls.running,
      about: () => this.about(),
    });
    this.viewers = new Viewers(environment.clock, this.board, options.maxViewers);
    this.controls = new Controls({
      registries,
      names,
      chaos,
      operationAt: (index) => this.board.operationAt(index),
      onDone: (policy, text) => this.board.timeLine.note(policy, text),
    });
    lifetime.onClosing(() => this.close());
  }

  /** Whether one more may look. */
  get isOpen(): boolean {
    return this.viewers.isOpen;
  }

  /** The options of the method that this number stands for. */
  optionsAt(index: number): ShownOptions {
    return this.board.optionsAt(index);
  }

  /** Streams what happens into a response until one of the two ends. */
  show(response: EventResponse): void {
    this.viewers.add(response);
  }

  /** What speaks against an order before it is read. */
  refusal(headers: RequestHeaders): RefusedOrder | undefined {
    return whatSpeaksAgainst(headers, this.token);
  }

  /**
   * Carries out an order, shows at once what came of it, and says it.
   *
   * @throws {InvalidOptionsError} where it cannot be meant: then nothing was done
   */
  obey(order: unknown): string {
    const text = this.controls.carryOut(order);
    this.viewers.tell();
    return text;
  }

  /** Ends all streams; nothing is counted any more. */
  close(): void {
    this.board.stop();
    this.viewers.close();
  }

  private about(): object {
    const { options } = this.parts;
    const canControl = options.guard !== undefined;
    return {
      token: this.token,
      title: options.title ?? hostname(),
      process: `${hostname()}, process ${process.pid}`,
      startedAtMs: this.startedAtMs,
      canControl,
      canDisturb: canControl && process.env['NODE_ENV'] !== 'production',
    };
  }
}
