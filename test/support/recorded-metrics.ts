import type { Labels, MetricDefinition, MetricSink, Reading } from '../../lib/nest/index.js';
import { ResilienceMetrics, resolveMetricsOptions } from '../../lib/nest/index.js';
import type { MeasuredApplication, MetricsOptions } from '../../lib/nest/index.js';

type Series = Map<string, number>;

/** Metrics in memory, as a third door would have them. */
export class RecordedMetrics implements MetricSink {
  private readonly counted = new Map<string, Series>();
  private readonly recorded = new Map<string, number[]>();
  private readonly readers = new Map<string, () => readonly Reading[]>();

  counter(metric: MetricDefinition): (labels: Labels) => () => void {
    const series: Series = new Map();
    this.counted.set(metric.name, series);
    return (labels) => () => void series.set(keyOf(labels), (series.get(keyOf(labels)) ?? 0) + 1);
  }

  histogram(metric: MetricDefinition): (labels: Labels) => (value: number) => void {
    return (labels) => (value) => {
      const key = `${metric.name} ${keyOf(labels)}`;
      this.recorded.set(key, [...(this.recorded.get(key) ?? []), value]);
    };
  }

  observed(metric: MetricDefinition, read: () => readonly Reading[]): void {
    this.readers.set(metric.name, read);
  }

  close(): void {
    this.readers.clear();
  }

  /** What a metric says now, by the values of its labels, joined by a blank. */
  of(name: string): Readonly<Record<string, number>> {
    const read = this.readers.get(name);
    const now = read?.().map(({ labels, value }): [string, number] => [keyOf(labels), value]);
    return Object.fromEntries(now ?? this.counted.get(name) ?? []);
  }

  /** The values that a histogram was given for an operation. */
  valuesOf(name: string, operation: string): readonly number[] {
    return this.recorded.get(`${name} ${operation}`) ?? [];
  }
}

/** Measures an application from now on. */
export function measure(application: MeasuredApplication, options: MetricsOptions = {}): RecordedMetrics {
  const metrics = new RecordedMetrics();
  new ResilienceMetrics(application, metrics, resolveMetricsOptions('test', options));
  return metrics;
}

function keyOf(labels: Labels): string {
  return Object.values(labels).join(' ');
}
