import type { EndedCall, Environment, EventHub, ResilienceEvent } from '../../core/index.js';
import type { Engine } from '../../pipeline/index.js';
import { BoundedNames } from './bounded-names.js';
import { METRICS } from './metric-definitions.js';
import type { Labels, MetricSink } from './metric-sink.js';
import type { ResolvedMetricsOptions } from './metrics.options.js';
import { SharedReadings } from './shared-readings.js';

/** The kinds of events that metrics are made of: no other is made for them. */
const COUNTED = [
  'retry.scheduled',
  'retry.gave-up',
  'idempotency.executed',
  'idempotency.replayed',
  'idempotency.in-flight',
  'idempotency.mismatch',
  'idempotency.taken-over',
  'idempotency.store-down',
] as const satisfies readonly ResilienceEvent['kind'][];

type Bind<T> = (labels: Labels) => T;

/** What was bound to an operation and one more word, so that a call finds it without making labels. */
class Bound<T> {
  private readonly byOperation = new Map<string, Map<string, T>>();

  constructor(
    private readonly bind: Bind<T>,
    private readonly operations: BoundedNames,
    /** The label that the word is for; none where there is no word. */
    private readonly label?: string,
  ) {}

  of(operation: string, word = ''): T {
    // Most are found at once: only a name of its own is kept under itself.
    return this.byOperation.get(operation)?.get(word) ?? this.make(this.operations.of(operation), word);
  }

  private make(name: string, word: string): T {
    const byWord = this.byOperation.get(name) ?? new Map<string, T>();
    this.byOperation.set(name, byWord);
    const known = byWord.get(word);
    if (known !== undefined) return known;
    const bound = this.bind({ operation: name, ...(this.label !== undefined && { [this.label]: word }) });
    byWord.set(word, bound);
    return bound;
  }
}

/** What metrics are made of: the runtime of an application has it. */
export interface MeasuredApplication {
  readonly engine: Engine;
  readonly environment: Pick<Environment, 'calls'>;
  readonly events: EventHub;
}

/**
 * The one mapping from what happens in an application to its metrics: every door hands in where they go, so no two
 * can disagree. Counts what happens from now on; what a breaker has counted before is read with the rest.
 */
export class ResilienceMetrics {
  private readonly calls: Bound<() => void>;
  private readonly durations: Bound<(seconds: number) => void>;
  private readonly retries: Bound<() => void>;
  private readonly giveUps: Bound<() => void>;
  private readonly requests: Bound<() => void>;
  private readonly stops: readonly (() => void)[];

  constructor(
    application: MeasuredApplication,
    private readonly sink: MetricSink,
    { maxNames, durationBuckets }: ResolvedMetricsOptions,
  ) {
    const operations = new BoundedNames(maxNames);
    this.calls = new Bound(sink.counter(METRICS.calls), operations, 'outcome');
    this.durations = new Bound(sink.histogram(METRICS.callDuration, durationBuckets), operations);
    this.retries = new Bound(sink.counter(METRICS.retries), operations);
    this.giveUps = new Bound(sink.counter(METRICS.giveUps), operations, 'reason');
    this.requests = new Bound(sink.counter(METRICS.idempotencyRequests), operations, 'outcome');
    new SharedReadings(application.engine, maxNames).connect(sink);
    this.stops = [
      application.environment.calls.watch((call) => this.ended(call)),
      application.events.listen((event) => this.hear(event), COUNTED),
    ];
  }

  /** Counts no more, and takes all metrics away. */
  stop(): void {
    for (const stop of this.stops) stop();
    this.sink.close();
  }

  private ended({ operation, outcome, durationMs }: EndedCall): void {
    this.calls.of(operation, outcome)();
    this.durations.of(operation)(durationMs / 1_000);
  }

  private hear(event: ResilienceEvent): void {
    const { kind, operation } = event;
    if (kind === 'retry.scheduled') return this.retries.of(operation)();
    if (kind === 'retry.gave-up') return this.giveUps.of(operation, event.reason)();
    return this.requests.of(operation, kind.slice('idempotency.'.length))();
  }
}
