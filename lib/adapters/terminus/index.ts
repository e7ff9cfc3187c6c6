export type { BreakerHealth, BreakerHealthDetail, BreakerHealthOptions } from './breaker-health.js';
export { ResilienceHealthModule } from './resilience-health.module.js';
export { ResilienceHealthIndicator } from './resilience.health.js';
