import type { Environment, EventHub, ResilienceEvent } from '../../core/index.js';
import type { ResilienceExplorer } from '../../nest/index.js';
import { BreakerHistory } from './breaker-history.js';
import {
  calledEntry,
  type CatalogueEntry,
  describedEntry,
  optionsOf,
  type ShownOptions,
} from './catalogue.js';
import type { RunningChaos } from './controls.js';
import { gaugesOf, type Registries } from './gauges.js';
import type { NumberedNames } from './numbered-names.js';
import type { OperationTally } from './operation-tally.js';
import { SECONDS_KEPT } from './seconds-ring.js';
import { Tallies } from './tallies.js';
import { TimeLine } from './time-line.js';
import type { Frames } from './viewers.js';

/** The catalogue is made anew at most so often, where there is a reason. */
const REFRESH_MS = 5_000;
/** And so often where there is none: options may change while the application runs. */
const REVIEW_MS = 30_000;

/** What the board shows that it does not count itself. */
export interface BoardParts {
  readonly environment: Environment;
  readonly events: EventHub;
  readonly explorer: ResilienceExplorer;
  readonly registries: Registries;
  /** What stands for the names of shared objects. */
  readonly names: NumberedNames;
  /** What the page has injected. */
  readonly chaos: () => readonly RunningChaos[];
  /** What the page is told of itself and of this process. */
  readonly about: () => object;
}

/**
 * Everything that the page shows, counted as it happens, and the frames that tell of it. Who looks costs a frame per
 * second, whatever the number of calls and events.
 */
export class Board implements Frames {
  readonly timeLine: TimeLine;
  private readonly tallies: Tallies;
  private readonly history = new BreakerHistory();
  private readonly kinds = new Map<string, number>();
  private readonly stops: readonly (() => void)[];
  /** JSON of the methods. */
  private methods = '[]';
  private madeAtMs = Number.NEGATIVE_INFINITY;
  private knownOperations = -1;
  private editions = 0;
  private toldSecond = 0;
  private toldLine = 0;

  constructor(private readonly parts: BoardParts) {
    const { environment, events } = parts;
    this.tallies = new Tallies(environment.clock);
    this.timeLine = new TimeLine(environment.clock);
    this.stops = [
      events.listen((event) => this.hear(event)),
      environment.calls.watch((call) => this.tallies.ended(call)),
    ];
  }

  /** Counts no longer. */
  stop(): void {
    for (const stop of this.stops) stop();
  }

  /** The operation with this number, if there is one. */
  operationAt(index: number): string | undefined {
    return this.tallies.all()[index]?.operation;
  }

  /** The options that a method has now; of one that is only called by name there are none. */
  optionsAt(index: number): ShownOptions {
    const operation = this.operationAt(index);
    const method = this.parts.explorer.describe().find((each) => each.operation === operation);
    return method === undefined ? [] : optionsOf(method);
  }

  edition(): number {
    const nowMs = this.parts.environment.clock.nowMs();
    const ageMs = nowMs - this.madeAtMs;
    const hasReason = this.tallies.size !== this.knownOperations;
    if (ageMs >= (hasReason ? REFRESH_MS : REVIEW_MS)) this.refresh(nowMs);
    return this.editions;
  }

  catalogue(): string {
    this.edition();
    return `{"about":${JSON.stringify(this.parts.about())},"methods":${this.methods}}`;
  }

  state(): string {
    const { second } = this.tallies;
    return this.frame(this.tallies.all(), second - SECONDS_KEPT, 0);
  }

  delta(): string {
    const { second } = this.tallies;
    const lively = this.tallies.all().filter((tally) => tally.isLively(second));
    const frame = this.frame(lively, this.toldSecond, this.toldLine);
    this.toldSecond = second;
    this.toldLine = this.timeLine.last;
    return frame;
  }

  private hear(event: ResilienceEvent): void {
    this.kinds.set(event.kind, (this.kinds.get(event.kind) ?? 0) + 1);
    this.tallies.hear(event);
    this.timeLine.hear(event);
    if (event.kind === 'circuit-breaker.state-changed') this.history.hear(event);
  }

  private frame(tallies: readonly OperationTally[], from: number, afterLine: number): string {
    const { environment, registries, names } = this.parts;
    const { second } = this.tallies;
    return JSON.stringify({
      atMs: environment.clock.wallMs(),
      second,
      operations: tallies.map((tally) => ({
        index: tally.index,
        calls: tally.calls,
        events: tally.eventCounts,
        latency: tally.latencyAt(second),
        rows: tally.rows(from, second),
      })),
      kinds: Object.fromEntries(this.kinds),
      ...gaugesOf({ registries, names, history: this.history }),
      chaos: this.parts.chaos(),
      lines: this.timeLine.after(afterLine),
    });
  }

  private refresh(nowMs: number): void {
    const methods = JSON.stringify(this.entries());
    this.madeAtMs = nowMs;
    this.knownOperations = this.tallies.size;
    if (methods === this.methods && this.editions > 0) return;
    this.methods = methods;
    this.editions += 1;
  }

  private entries(): readonly CatalogueEntry[] {
    const byIndex = new Map<number, CatalogueEntry>();
    for (const method of this.parts.explorer.describe()) {
      const { index } = this.tallies.of(method.operation);
      if (!byIndex.has(index)) byIndex.set(index, describedEntry(index, method));
    }
    for (const { index, operation } of this.tallies.all()) {
      if (!byIndex.has(index)) byIndex.set(index, calledEntry(index, operation));
    }
    return [...byIndex.values()];
  }
}
