import {
  Controller,
  type DynamicModule,
  Module,
  type Type,
  UseGuards,
  VERSION_NEUTRAL,
} from '@nestjs/common';
import {
  BulkheadRegistry,
  Chaos,
  CircuitBreakerRegistry,
  RateLimiterRegistry,
  ResilienceExplorer,
  ResilienceRuntime,
  RetryBudgetRegistry,
} from '../../nest/index.js';
import { ControlController } from './control.controller.js';
import { Dashboard } from './dashboard.js';
import {
  type DashboardGuard,
  resolveDashboardOptions,
  type ResilienceDashboardOptions,
  type ResolvedDashboardOptions,
} from './dashboard.options.js';
import { PageController } from './page.controller.js';

/**
 * A live page of the application's policies: one document that needs nothing from elsewhere, over server-sent
 * events. It shows; it acts only where a guard says who may order it to.
 */
@Module({})
export class ResilienceDashboardModule {
  /**
   * The page, at a path below the global prefix, in every version of the application's routes.
   *
   * @throws {InvalidOptionsError} where an option cannot be meant
   */
  static forRoot(options: ResilienceDashboardOptions = {}): DynamicModule {
    const resolved = resolveDashboardOptions(options);
    const { path, guard, viewGuard } = resolved;
    const controllers: Type[] = [routes(path, viewGuard, class ResiliencePage extends PageController {})];
    if (guard !== undefined) {
      controllers.push(routes(path, guard, class ResilienceControl extends ControlController {}));
    }
    return {
      module: ResilienceDashboardModule,
      imports: [...(options.imports ?? [])],
      controllers,
      providers: [dashboardProvider(resolved)],
    };
  }
}

/** A class of its own for each module: paths and guards are metadata of the class. */
function routes<T extends Type>(path: string, guard: DashboardGuard | undefined, controller: T): T {
  Controller({ path, version: VERSION_NEUTRAL })(controller);
  if (guard !== undefined) UseGuards(guard)(controller);
  return controller;
}

function dashboardProvider(options: ResolvedDashboardOptions) {
  return {
    provide: Dashboard,
    useFactory: (...[runtime, explorer, chaos, breakers, budgets, bulkheads, limiters]: Injected) =>
      new Dashboard({
        options,
        runtime,
        explorer,
        chaos,
        registries: { breakers, budgets, bulkheads, limiters },
      }),
    inject: [
      ResilienceRuntime,
      ResilienceExplorer,
      Chaos,
      CircuitBreakerRegistry,
      RetryBudgetRegistry,
      BulkheadRegistry,
      RateLimiterRegistry,
    ],
  };
}

type Injected = readonly [
  ResilienceRuntime,
  ResilienceExplorer,
  Chaos,
  CircuitBreakerRegistry,
  RetryBudgetRegistry,
  BulkheadRegistry,
  RateLimiterRegistry,
];
