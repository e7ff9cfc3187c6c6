import { Counter, Gauge, Histogram, type Metric, type Registry, type RegistryContentType } from 'prom-client';
import { OptionCheck } from '../../core/index.js';
import {
  type Labels,
  METRICS,
  type MetricDefinition,
  type MetricSink,
  type Reading,
} from '../../nest/index.js';

/** A registry of `prom-client`, of whatever format. */
export type PrometheusRegistry = Registry<RegistryContentType>;

const SECONDS = 's';

/** A metric's name as Prometheus wants it: words with `_`, the unit at the end, then `total` for what only grows. */
export function prometheusName({ name, unit, type }: MetricDefinition): string {
  const words = [name.replaceAll('.', '_')];
  if (unit === SECONDS) words.push('seconds');
  if (type === 'counter') words.push('total');
  return words.join('_');
}

/** Metrics in a registry of `prom-client`. */
export class PrometheusSink implements MetricSink {
  private readonly made = new Map<string, Metric>();

  /** @throws {InvalidOptionsError} where the registry holds metrics of another application */
  constructor(
    door: string,
    private readonly registry: PrometheusRegistry,
  ) {
    for (const metric of Object.values(METRICS)) {
      const name = prometheusName(metric);
      if (registry.getSingleMetric(name) === undefined) continue;
      const remedy = 'give each application a registry of its own, and close one before the next';
      new OptionCheck('metrics', door).refuse('registry', name, `holds the metric already: ${remedy}`);
    }
  }

  counter(metric: MetricDefinition): (labels: Labels) => () => void {
    // Counted here and handed over when somebody asks: `inc` looks its labels up anew, which costs a microsecond.
    const counts: { readonly labels: Labels; value: number }[] = [];
    this.observed(metric, () => counts);
    return (labels) => {
      const count = { labels, value: 0 };
      counts.push(count);
      return () => {
        count.value += 1;
      };
    };
  }

  histogram(
    metric: MetricDefinition,
    bounds: readonly number[],
  ): (labels: Labels) => (value: number) => void {
    const histogram = this.keep(metric, (settings) => new Histogram({ ...settings, buckets: [...bounds] }));
    return (labels) => {
      const child = histogram.labels(labels);
      return (value) => child.observe(value);
    };
  }

  observed(metric: MetricDefinition, read: () => readonly Reading[]): void {
    this.keep(metric, (settings) =>
      metric.type === 'counter' ? counterOf(settings, read) : gaugeOf(settings, read),
    );
  }

  close(): void {
    for (const [name, metric] of this.made) {
      // Somebody may have cleared the registry and put something else under the name.
      if (this.registry.getSingleMetric(name) === metric) this.registry.removeSingleMetric(name);
    }
    this.made.clear();
  }

  private keep<M extends Metric>(metric: MetricDefinition, make: (settings: Settings) => M): M {
    const name = prometheusName(metric);
    const made = make({ name, help: metric.description, labelNames: metric.labels, registers: [] });
    this.registry.registerMetric(made);
    this.made.set(name, made);
    return made;
  }
}

interface Settings {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  /** None: it is registered when it is complete, in a registry of whatever format. */
  readonly registers: [];
}

/** A counter that somebody else keeps: what was read last time makes room for what is read now. */
function counterOf(settings: Settings, read: () => readonly Reading[]): Counter {
  return new Counter({
    ...settings,
    collect() {
      this.reset();
      for (const { labels, value } of read()) this.inc(labels, value);
    },
  });
}

function gaugeOf(settings: Settings, read: () => readonly Reading[]): Gauge {
  return new Gauge({
    ...settings,
    collect() {
      this.reset();
      for (const { labels, value } of read()) this.set(labels, value);
    },
  });
}
