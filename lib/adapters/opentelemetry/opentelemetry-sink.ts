import type {
  Meter,
  MetricOptions,
  ObservableCallback,
  ObservableCounter,
  ObservableGauge,
} from '@opentelemetry/api';
import type { Labels, MetricDefinition, MetricSink, Reading } from '../../nest/index.js';

/** Metrics as instruments of a meter. */
export class OpenTelemetrySink implements MetricSink {
  private readonly callbacks: (() => void)[] = [];

  constructor(private readonly meter: Meter) {}

  counter(metric: MetricDefinition): (labels: Labels) => () => void {
    const counter = this.meter.createCounter(metric.name, settingsOf(metric));
    return (labels) => () => counter.add(1, labels);
  }

  histogram(
    metric: MetricDefinition,
    bounds: readonly number[],
  ): (labels: Labels) => (value: number) => void {
    const advice = { explicitBucketBoundaries: [...bounds] };
    const histogram = this.meter.createHistogram(metric.name, { ...settingsOf(metric), advice });
    return (labels) => (value) => histogram.record(value, labels);
  }

  observed(metric: MetricDefinition, read: () => readonly Reading[]): void {
    const instrument = this.observableOf(metric);
    const callback: ObservableCallback = (result) => {
      for (const { labels, value } of read()) result.observe(value, labels);
    };
    instrument.addCallback(callback);
    this.callbacks.push(() => instrument.removeCallback(callback));
  }

  /** Instruments cannot be taken back; they are no longer read or added to. */
  close(): void {
    for (const remove of this.callbacks.splice(0)) remove();
  }

  private observableOf(metric: MetricDefinition): ObservableCounter | ObservableGauge {
    const settings = settingsOf(metric);
    if (metric.type === 'counter') return this.meter.createObservableCounter(metric.name, settings);
    return this.meter.createObservableGauge(metric.name, settings);
  }
}

function settingsOf({ description, unit }: MetricDefinition): MetricOptions {
  return { description, unit };
}
