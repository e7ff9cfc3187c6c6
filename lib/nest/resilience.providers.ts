import type { Provider } from '@nestjs/common';
import { APP_INTERCEPTOR, ApplicationConfig, ModuleRef, ModulesContainer } from '@nestjs/core';
import type { ExecutionContext } from '@nestjs/common';
import { ResilienceExplorer } from './explorer/resilience.explorer.js';
import { GlobalFilterPlacement } from './http/global-filter-placement.js';
import { IncomingRequestInterceptor } from './http/incoming-request.interceptor.js';
import { ResilienceExceptionFilter } from './http/resilience-exception.filter.js';
import { plansBelow } from './hosts.js';
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

function makeRuntime(
  options: ResilienceModuleOptions,
  moduleRef: ModuleRef,
  modules: ModulesContainer,
): ResilienceRuntime {
  const runtime = new ResilienceRuntime(options, {
    resolveProvider: (token) => moduleRef.get(token, { strict: false }),
    features: () => featuresIn(modules),
  });
  if (options.logger !== false) new ResilienceLogger(runtime.events);
  return runtime;
}

/** A route handler that our policies may run again: which of its plans it is, whatever stands around it. */
function repeatingHandler(context: ExecutionContext): object | undefined {
  const { prototype } = context.getClass();
  const { name } = context.getHandler();
  const plan = plansBelow(prototype).find((each) => each.member === name);
  return plan?.policies.retry === undefined ? undefined : plan.identity;
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

/** Everything that `ResilienceModule` provides, beside its options. */
export const PROVIDERS: readonly Provider[] = [
  {
    provide: ResilienceRuntime,
    useFactory: makeRuntime,
    inject: [RESILIENCE_OPTIONS, ModuleRef, ModulesContainer],
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
  {
    provide: CircuitBreakerRegistry,
    useFactory: (runtime: ResilienceRuntime, events: ResilienceEvents) =>
      new CircuitBreakerRegistry(runtime, events),
    inject: [ResilienceRuntime, ResilienceEvents],
  },
  ...[BulkheadRegistry, RateLimiterRegistry, RetryBudgetRegistry, ResilienceService].map((provide) => ({
    provide,
    useFactory: (runtime: ResilienceRuntime) => new provide(runtime),
    inject: [ResilienceRuntime],
  })),
  ResilienceExceptionFilter,
  {
    provide: GlobalFilterPlacement,
    useFactory: placeFilter,
    inject: [ApplicationConfig, ResilienceExceptionFilter, RESILIENCE_OPTIONS],
  },
  {
    provide: APP_INTERCEPTOR,
    useFactory: (runtime: ResilienceRuntime) =>
      new IncomingRequestInterceptor(runtime.unsafeRequests, repeatingHandler),
    inject: [ResilienceRuntime],
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
] as const;
