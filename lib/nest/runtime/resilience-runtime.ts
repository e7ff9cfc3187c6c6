import { Logger } from '@nestjs/common';
import type { ApplicationLifetime, Environment, EventHub } from '../../core/index.js';
import {
  Compiler,
  Engine,
  type EngineWithEvents,
  keepingState,
  overridden,
  type PolicyOwner,
  type RunningOverrides,
} from '../../pipeline/index.js';
import type { FallbackToken } from '../../policies/fallback/index.js';
import { guardedPlaceOf } from '../guarded/guarded-place.js';
import { UnsafeRequests } from '../http/unsafe-requests.js';
import type { MethodPlan, PlanDispatcher } from '../method-plan.js';
import type { ResilienceModuleOptions } from '../resilience.options.js';
import { Dispatchers } from './dispatchers.js';
import { type Feature, Features } from './features.js';
import { LiveOverrides, type WrittenMethod } from './live-overrides.js';
import { makeEngine } from './make-engine.js';
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
export type CompiledMethod = WrittenMethod;

/** Everything that decorated methods share in one application; two applications share nothing. */
export class ResilienceRuntime {
  readonly engine: Engine;
  readonly environment: Environment;
  readonly events: EventHub;
  readonly lifetime: ApplicationLifetime;
  readonly unsafeRequests = new UnsafeRequests();
  readonly names = new OperationNames();
  private readonly dispatchers: Dispatchers;
  private changes = 0;
  /** What is said of methods while the application runs. */
  readonly overrides = new LiveOverrides({
    methods: () => [...this.compiled.values()],
    remake: (method, layers) => this.remade(method, layers, this.engine),
    changed: (plan) => this.dispatchers.forget(plan),
  });
  private readonly compiled = new Map<MethodPlan, CompiledMethod>();
  private readonly features: Features;
  private readonly checked = new WeakSet<MethodPlan>();
  // A brand that nothing else can carry: neither a mock nor an object of another copy of the package.
  readonly #isGenuine = true;

  /** @throws {InvalidOptionsError} naming the option that cannot be meant */
  constructor(
    private given: ResilienceModuleOptions,
    private readonly surroundings: RuntimeSurroundings = {},
  ) {
    const { engine, events, lifetime } = surroundings.base ?? makeEngine(given);
    this.engine = engine;
    this.events = events;
    this.lifetime = lifetime;
    this.environment = engine.environment;
    this.engine.idempotency.onWarning((warning) => this.warn(warning));
    this.dispatchers = new Dispatchers({
      environment: engine.environment,
      unsafeRequests: this.unsafeRequests,
      checked: (plan) => this.checkedMethod(plan),
      warn: (warning) => this.warn(warning),
    });
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
    return this.dispatchers.of(plan);
  }

  /** The rules of a plan. @throws {InvalidOptionsError} naming method, field, value and what would be right */
  compile(plan: MethodPlan): CompiledMethod {
    const known = this.overrides.of(plan) ?? this.compiled.get(plan);
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

  /** What the application says of its policies now. */
  get options(): ResilienceModuleOptions {
    return this.given;
  }

  /** How often the options were replaced: what was compiled before has to be compiled anew. */
  get generation(): number {
    return this.changes;
  }

  /**
   * Puts other options in the place of those of the root module, for every call that begins from now on. What is
   * shared stays, with its state.
   *
   * @throws {InvalidOptionsError} for the first that cannot be meant; then nothing has changed
   */
  replaceOptions(options: ResilienceModuleOptions): void {
    this.features.add();
    const next = new Engine(options, this.environment, this.engine);
    const methods = [...this.compiled.values()].map((method) => this.recompiled(method, next));
    const putOverrides = this.overrides.rebased(methods, (...method) => this.remade(...method, next));
    // From here on nothing can be refused.
    this.given = options;
    this.changes += 1;
    for (const method of methods) this.compiled.set(method.plan, method);
    putOverrides();
    this.dispatchers.forgetAll();
    this.engine.adopt(next);
  }

  /** Every plan that was compiled so far. */
  get methods(): readonly CompiledMethod[] {
    return [...this.compiled.values()].map((method) => this.overrides.of(method.plan) ?? method);
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

  private recompiled(method: CompiledMethod, engine: Engine): CompiledMethod {
    return { ...method, ...keepingState(method, this.compiler(method.plan, engine).compile()) };
  }

  private remade(
    method: CompiledMethod,
    layers: readonly RunningOverrides[],
    engine: Engine,
  ): CompiledMethod {
    return { ...method, ...overridden(engine, this.ownerOf(method.plan), method, layers) };
  }

  private checkedMethod(plan: MethodPlan): CompiledMethod {
    const method = this.compile(plan);
    if (!this.checked.has(plan)) this.surroundings.check?.(plan, method.operation);
    return method;
  }

  private compiler(plan: MethodPlan, engine = this.engine): Compiler {
    return new Compiler(engine, this.ownerOf(plan));
  }

  private ownerOf(plan: MethodPlan): PolicyOwner {
    const { resolveProvider } = this.surroundings;
    const { policies, text: overrideKey } = plan;
    const operation = this.names.of(plan);
    const guardedPlace = policies.idempotent && guardedPlaceOf(plan, operation, this.engine.idempotency);
    return {
      operation,
      overrideKey,
      policies,
      guardedPlace,
      ...(resolveProvider && { resolveProvider }),
    };
  }

  private warn(warning: string): void {
    if (this.options.logger !== false) new Logger('Resilience').warn(warning);
  }
}
