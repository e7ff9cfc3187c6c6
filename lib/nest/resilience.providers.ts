import type { Provider } from '@nestjs/common';
import { ApplicationConfig, ModuleRef, ModulesContainer } from '@nestjs/core';
import { checkCarriers } from './explorer/method-checks.js';
import { resolveAlertOptions } from '../policies/alerts/index.js';
import { AlertMonitor } from './alert-monitor.js';
import { Chaos } from './chaos.js';
import { checkModuleOptions } from './explorer/module-options-check.js';
import { ResilienceExplorer } from './explorer/resilience.explorer.js';
import { GlobalFilterPlacement } from './http/global-filter-placement.js';
import { ResilienceExceptionFilter } from './http/resilience-exception.filter.js';
import { coverHiddenGuards } from './http/idempotent/hidden-guards.js';
import { coverHiddenHandlers } from './http/repeated-handlers.js';
import { providerOf } from './hosts.js';
import { IdempotencyLifecycle } from './idempotency-lifecycle.js';
import { IdempotencyService } from './idempotency.service.js';
import { BulkheadRegistry } from './registries/bulkhead.registry.js';
import { CircuitBreakerRegistry } from './registries/circuit-breaker.registry.js';
import { RateLimiterRegistry } from './registries/rate-limiter.registry.js';
import { RetryBudgetRegistry } from './registries/retry-budget.registry.js';
import { featuresIn } from './resilience-feature.js';
import { ResilienceLifecycle } from './resilience-lifecycle.js';
import { ResilienceEvents } from './resilience.events.js';
import { ResilienceLogger } from './resilience.logger.js';
import type { ResilienceModuleOptions } from './resilience.options.js';
import { ResilienceService } from './resilience.service.js';
import { RESILIENCE_OPTIONS } from './resilience.tokens.js';
import { ResilienceRuntime } from './runtime/index.js';

function makeRuntime(options: ResilienceModuleOptions, modules: ModulesContainer): ResilienceRuntime {
  checkModuleOptions(options);
  const runtime = new ResilienceRuntime(options, {
    resolveProvider: (token) => providerOf(modules, token)?.instance,
    features: () => featuresIn(modules),
    check: (plan, operation) => checkCarriers(plan, modules, () => operation),
  });
  const { logger = true } = options;
  const levels = typeof logger === 'object' ? logger : {};
  if (logger !== false) new ResilienceLogger(runtime.events, runtime.environment, levels);
  if (options.alerts !== false) {
    const alerts = resolveAlertOptions('ResilienceModule', options.alerts);
    new AlertMonitor(runtime.events, runtime.environment, alerts);
  }
  return runtime;
}

/** Takes the filter's place while the application is built, before the first route reads the list. */
function placeFilter(
  config: ApplicationConfig,
  filter: ResilienceExceptionFilter,
  options: ResilienceModuleOptions,
): GlobalFilterPlacement {
  const placement = new GlobalFilterPlacement(config, filter);
  if (options.httpErrors !== false) placement.take();
  return placement;
}

/** Nobody asks for it: it is made while the application is built, before the first route reads its interceptors. */
const HIDDEN_HANDLERS = Symbol('RESILIENCE_HIDDEN_HANDLERS');

/** Everything that `ResilienceModule` provides, beside its options. */
export const PROVIDERS: readonly Provider[] = [
  {
    provide: ResilienceRuntime,
    useFactory: makeRuntime,
    inject: [RESILIENCE_OPTIONS, ModulesContainer],
  },
  {
    provide: ResilienceExplorer,
    useFactory: (modules: ModulesContainer, moduleRef: ModuleRef) =>
      new ResilienceExplorer(modules, moduleRef),
    inject: [ModulesContainer, ModuleRef],
  },
  {
    provide: ResilienceEvents,
    useFactory: (runtime: ResilienceRuntime) => new ResilienceEvents(runtime.events),
    inject: [ResilienceRuntime],
  },
  {
    provide: ResilienceLifecycle,
    useFactory: (runtime: ResilienceRuntime, events: ResilienceEvents) =>
      new ResilienceLifecycle(runtime, events),
    inject: [ResilienceRuntime, ResilienceEvents],
  },
  ...[CircuitBreakerRegistry, BulkheadRegistry, RateLimiterRegistry, RetryBudgetRegistry].map((provide) => ({
    provide,
    useFactory: (runtime: ResilienceRuntime, events: ResilienceEvents) => new provide(runtime, events),
    inject: [ResilienceRuntime, ResilienceEvents],
  })),
  {
    provide: ResilienceService,
    useFactory: (runtime: ResilienceRuntime) => new ResilienceService(runtime),
    inject: [ResilienceRuntime],
  },
  {
    provide: IdempotencyService,
    useFactory: (runtime: ResilienceRuntime) => new IdempotencyService(runtime),
    inject: [ResilienceRuntime],
  },
  {
    provide: IdempotencyLifecycle,
    useFactory: (runtime: ResilienceRuntime) => new IdempotencyLifecycle(runtime),
    // Made after the explorer, whose boot shows whether anything is guarded.
    inject: [ResilienceRuntime, ResilienceExplorer],
  },
  {
    provide: Chaos,
    useFactory: (runtime: ResilienceRuntime, explorer: ResilienceExplorer) => new Chaos(runtime, explorer),
    inject: [ResilienceRuntime, ResilienceExplorer],
  },
  ResilienceExceptionFilter,
  {
    provide: GlobalFilterPlacement,
    useFactory: placeFilter,
    inject: [ApplicationConfig, ResilienceExceptionFilter, RESILIENCE_OPTIONS],
  },
  {
    provide: HIDDEN_HANDLERS,
    useFactory: (config: ApplicationConfig, modules: ModulesContainer, moduleRef: ModuleRef) => {
      coverHiddenHandlers(config, modules, moduleRef);
      coverHiddenGuards(modules, moduleRef);
    },
    inject: [ApplicationConfig, ModulesContainer, ModuleRef],
  },
];

/** What other modules may inject. */
export const EXPORTED = [
  ResilienceRuntime,
  ResilienceExplorer,
  ResilienceEvents,
  CircuitBreakerRegistry,
  BulkheadRegistry,
  RateLimiterRegistry,
  RetryBudgetRegistry,
  ResilienceService,
  IdempotencyService,
  Chaos,
] as const;
