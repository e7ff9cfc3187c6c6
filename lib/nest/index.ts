export { boundModule, boundModuleAsync } from './bound-module.js';
export type { Door, DoorAsyncOptions } from './bound-module.js';
export { Chaos } from './chaos.js';
export { Bulkhead } from './decorators/bulkhead.decorator.js';
export { Hedge } from './decorators/hedge.decorator.js';
export { CallContext } from './decorators/call-context.decorator.js';
export { CircuitBreaker } from './decorators/circuit-breaker.decorator.js';
export { Fallback } from './decorators/fallback.decorator.js';
export type { AsyncMethod, PolicyDecorator } from './decorators/policy-decorator.js';
export { Idempotent } from './decorators/idempotent.decorator.js';
export { PolicyOrder } from './decorators/policy-order.decorator.js';
export { RateLimiter } from './decorators/rate-limiter.decorator.js';
export { Retryable } from './decorators/retryable.decorator.js';
export { TimeLimiter } from './decorators/time-limiter.decorator.js';
export type { DescribedMethod } from './explorer/described-method.js';
export { ResilienceExplorer } from './explorer/resilience.explorer.js';
export { ResilienceExceptionFilter } from './http/resilience-exception.filter.js';
export { toHttpException } from './http/to-http-exception.js';
export type { ResilienceHttpBody, ResilienceHttpException } from './http/to-http-exception.js';
export { METRICS, ResilienceMetrics, resolveMetricsOptions } from './metrics/index.js';
export type {
  Labels,
  MeasuredApplication,
  MetricDefinition,
  MetricSink,
  MetricsOptions,
  Reading,
} from './metrics/index.js';
export type { MethodKind } from './method-plan.js';
export { IdempotencyService } from './idempotency.service.js';
export { BulkheadRegistry } from './registries/bulkhead.registry.js';
export { CircuitBreakerRegistry } from './registries/circuit-breaker.registry.js';
export type { CircuitBreakerEvent } from './registries/circuit-breaker.registry.js';
export { RateLimiterRegistry } from './registries/rate-limiter.registry.js';
export { RetryBudgetRegistry } from './registries/retry-budget.registry.js';
export { ResilienceEvents } from './resilience.events.js';
export type { ResilienceLogLevel, ResilienceLogLevels } from './resilience.logger.options.js';
export { ResilienceModule } from './resilience.module.js';
export type { ResilienceRootOptions } from './resilience.module.js';
export type {
  ResilienceFeatureOptions,
  ResilienceModuleAsyncOptions,
  ResilienceModuleOptions,
  ResilienceOptionsFactory,
} from './resilience.options.js';
export { ResilienceService } from './resilience.service.js';
export type { ExecuteCallOptions, ExecuteOptions } from './resilience.service.js';
export type { Gathered, GatherOptions, Parts } from './gather.js';
export { PolicyHandle } from './policy-handle.js';
export type { NamedPolicyOptions, PolicyChanges } from './policy-handle.js';
export type { RetriedAttempt } from './retried-attempts.js';
export { resetDefaultRuntime, ResilienceRuntime } from './runtime/index.js';
