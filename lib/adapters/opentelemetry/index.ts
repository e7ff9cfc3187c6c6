export type { DoorAsyncOptions, MetricsOptions } from '../../nest/index.js';
export { ResilienceOpenTelemetryModule } from './resilience-opentelemetry.module.js';
export type { ResilienceOpenTelemetryOptions } from './resilience-opentelemetry.module.js';
