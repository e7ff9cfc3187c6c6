import { Logger } from '@nestjs/common';
import {
  ApplicationLifetime,
  type Clock,
  createEnvironment,
  type Environment,
  EventHub,
  SystemClock,
} from '../../core/index.js';
import {
  type CompiledPolicies,
  Compiler,
  Engine,
  type EngineWithEvents,
  Pipeline,
} from '../../pipeline/index.js';
import type { FallbackToken } from '../../policies/fallback/index.js';
import { guardedPlaceOf, promiseOnly } from '../guarded/guarded-place.js';
import { UnsafeRequests } from '../http/unsafe-requests.js';
import type { MethodPlan, PlanDispatcher } from '../method-plan.js';
import type { ResilienceModuleOptions } from '../resilience.options.js';
import { BareDispatcher, Dispatcher, RefusingDispatcher } from './dispatcher.js';
import { type Feature, Features } from './features.js';
import { certainKind } from './method-kind.js';
import { OperationNames } from './operation-names.js';

/** What a runtime needs of the application around it. */
export interface RuntimeSurroundings {
  /** Finds a provider for a fallback. */
  readonly resolveProvider?: (token: FallbackToken) => unknown;
  /** The features of the modules that are known by now. */
  readonly features?: () => readonly Feature[];
  /** What is wrong with a method beside its options. @throws {InvalidOptionsError} */
  readonly check?: (plan: MethodPlan, operation: string) => void;
  /** An engine that exists already. */
  readonly base?: EngineWithEvents;
}

/** What was compiled for one method of one application. */
export interface CompiledMethod extends CompiledPolicies {
  readonly operation: string;
  readonly plan: MethodPlan;
}

/** Everything that decorated methods share in one application; two applications share nothing. */
export class ResilienceRuntime {
  readonly engine: Engine;
  readonly environment: Environment;
  readonly events: EventHub;
  readonly lifetime: ApplicationLifetime;
  readonly unsafeRequests = new UnsafeRequests();
  readonly names = new OperationNames();
  private readonly dispatchers = new Map<MethodPlan, PlanDispatcher>();
  private readonly compiled = new Map<MethodPlan, CompiledMethod>();
  private readonly features: Features;
  private readonly checked = new WeakSet<MethodPlan>();
  // A brand that nothing else can carry: neither a mock nor an object of another copy of the package.
  readonly #isGenuine = true;

  /** @throws {InvalidOptionsError} naming the option that cannot be meant */
  constructor(
    readonly options: ResilienceModuleOptions,
    private readonly surroundings: RuntimeSurroundings = {},
  ) {
    const { engine, events, lifetime } = surroundings.base ?? makeEngine(options);
    this.engine = engine;
    this.events = events;
    this.lifetime = lifetime;
    this.environment = engine.environment;
    this.engine.idempotency.onWarning((warning) => this.warn(warning));
    this.features = new Features(engine, surroundings.features ?? (() => []));
    this.features.add();
    this.features.check();
  }

  /** Whether a value is a runtime of this copy of the package. */
  static isGenuine(value: unknown): value is ResilienceRuntime {
    return typeof value === 'object' && value !== null && #isGenuine in value && value.#isGenuine;
  }

  /** Who carries out the calls of a plan; a wrong option is the answer to each of them. */
  dispatcherOf(plan: MethodPlan): PlanDispatcher {
    const known = this.dispatchers.get(plan);
    if (known !== undefined) return known;
    plan.kind ??= certainKind(plan);
    const dispatcher = this.makeDispatcher(plan);
    this.dispatchers.set(plan, dispatcher);
    return dispatcher;
  }

  /** The rules of a plan. @throws {InvalidOptionsError} naming method, field, value and what would be right */
  compile(plan: MethodPlan): CompiledMethod {
    const known = this.compiled.get(plan);
    if (known !== undefined) return known;
    this.features.add();
    this.features.checkFor(plan.policies);
    const operation = this.names.of(plan);
    const [problem] = plan.problems;
    if (problem !== undefined) throw problem(operation);
    const compiled = { operation, plan, ...this.compiler(plan).compile() };
    this.compiled.set(plan, compiled);
    return compiled;
  }

  /** Every plan that was compiled so far. */
  get methods(): readonly CompiledMethod[] {
    return [...this.compiled.values()];
  }

  /**
   * Lays what a plan says of shared objects to what others say; asked of all plans before the first is compiled.
   *
   * @throws {InvalidOptionsError} naming both places where two differ
   */
  declare(plan: MethodPlan): void {
    this.compiler(plan).declare();
  }

  /** The boot has found nothing wrong with a plan: its first call need not look again. */
  markChecked(plan: MethodPlan): void {
    this.checked.add(plan);
  }

  /** Adds what other modules have named since the last time. */
  addFeatures(): void {
    this.features.add();
  }

  private compiler(plan: MethodPlan): Compiler {
    const { resolveProvider } = this.surroundings;
    const { policies, text: overrideKey } = plan;
    const operation = this.names.of(plan);
    const guardedPlace = policies.idempotent && guardedPlaceOf(plan, operation);
    return new Compiler(this.engine, {
      operation,
      overrideKey,
      policies,
      guardedPlace,
      ...(resolveProvider && { resolveProvider }),
    });
  }

  private makeDispatcher(plan: MethodPlan): PlanDispatcher {
    try {
      const { operation, steps } = this.compile(plan);
      if (!this.checked.has(plan)) this.surroundings.check?.(plan, operation);
      if (steps.length === 0) return new BareDispatcher(plan, operation, this.environment.clock);
      const pipeline = this.makePipeline(plan, operation, steps);
      return new Dispatcher(plan, pipeline, () => this.warnOfPlainValue(operation));
    } catch (error) {
      return new RefusingDispatcher(plan, error);
    }
  }

  private warnOfPlainValue(operation: string): void {
    const remedy = 'a decorated method gives a promise, an Observable or an async iterable';
    this.warn(`${operation} gave a plain value, its callers get a promise of it: ${remedy}`);
  }

  private warn(warning: string): void {
    if (this.options.logger !== false) new Logger('Resilience').warn(warning);
  }

  private makePipeline(plan: MethodPlan, operation: string, steps: Pipeline['steps']): Pipeline {
    const { environment, unsafeRequests } = this;
    const { identity } = plan;
    const isGuarded = steps.some(({ word }) => word === 'idempotent');
    const method = isGuarded ? promiseOnly(plan, operation) : plan.inner;
    const target = { method, contextIndex: plan.contextIndex };
    return new Pipeline({
      operation,
      steps,
      target,
      environment,
      isUnsafe: () => unsafeRequests.isUnsafeNow(identity),
    });
  }
}

function makeEngine(options: ResilienceModuleOptions): EngineWithEvents {
  const clock: Clock = options.clock ?? new SystemClock();
  const events = new EventHub(clock);
  const lifetime = new ApplicationLifetime();
  return { engine: new Engine(options, createEnvironment(clock, events, lifetime)), events, lifetime };
}
