export { METRICS } from './metric-definitions.js';
export type { MetricDefinition } from './metric-definitions.js';
export type { Labels, MetricSink, Reading } from './metric-sink.js';
export { resolveMetricsOptions } from './metrics.options.js';
export type { MetricsOptions } from './metrics.options.js';
export { ResilienceMetrics } from './resilience-metrics.js';
export type { MeasuredApplication } from './resilience-metrics.js';
