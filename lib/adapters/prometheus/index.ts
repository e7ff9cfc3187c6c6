export type { DoorAsyncOptions, MetricsOptions } from '../../nest/index.js';
export { prometheusName } from './prometheus-sink.js';
export type { PrometheusRegistry } from './prometheus-sink.js';
export { ResiliencePrometheusModule } from './resilience-prometheus.module.js';
export type { ResiliencePrometheusOptions } from './resilience-prometheus.module.js';
