import type { Environment } from '../../core/index.js';
import { Pipeline, type Target } from '../../pipeline/index.js';
import { knownStreamOnly } from '../guarded/guarded-place.js';
import type { UnsafeRequests } from '../http/unsafe-requests.js';
import type { AnyMethod, MethodPlan, PlanDispatcher } from '../method-plan.js';
import { BareDispatcher, Dispatcher, RefusingDispatcher } from './dispatcher.js';
import type { WrittenMethod } from './live-overrides.js';
import { certainKind } from './method-kind.js';

/** What the dispatchers of one application are made of. */
export interface DispatchersParts {
  readonly environment: Environment;
  readonly unsafeRequests: UnsafeRequests;
  /** What stands around a plan now. @throws {InvalidOptionsError} */
  checked(plan: MethodPlan): WrittenMethod;
  warn(warning: string): void;
}

/** Who carries out the calls of each plan of one application, made when they are first asked for. */
export class Dispatchers {
  private readonly known = new Map<MethodPlan, PlanDispatcher>();
  // Outlive their pipelines: whatever stands in a method's place for a while stays when policies change.
  private readonly targets = new WeakMap<MethodPlan, Target>();

  constructor(private readonly parts: DispatchersParts) {}

  /** A wrong option is the answer to each call of its plan. */
  of(plan: MethodPlan): PlanDispatcher {
    const known = this.known.get(plan);
    if (known !== undefined) return known;
    plan.kind ??= certainKind(plan);
    const dispatcher = this.make(plan);
    this.known.set(plan, dispatcher);
    return dispatcher;
  }

  /** The next call of a plan finds what is in its place now; calls that are under way keep what they have. */
  forget(plan: MethodPlan): void {
    this.known.delete(plan);
    plan.forgetDispatcher();
  }

  /** The same for all plans. */
  forgetAll(): void {
    for (const plan of this.known.keys()) this.forget(plan);
  }

  private make(plan: MethodPlan): PlanDispatcher {
    try {
      const { operation, steps } = this.parts.checked(plan);
      if (steps.length === 0) return new BareDispatcher(plan, operation, this.parts.environment.clock);
      const pipeline = this.makePipeline(plan, operation, steps);
      return new Dispatcher(plan, pipeline, () => this.warnOfPlainValue(operation));
    } catch (error) {
      return new RefusingDispatcher(plan, error);
    }
  }

  private warnOfPlainValue(operation: string): void {
    const remedy = 'a decorated method gives a promise, an Observable or an async iterable';
    this.parts.warn(`${operation} gave a plain value, its callers get a promise of it: ${remedy}`);
  }

  private makePipeline(plan: MethodPlan, operation: string, steps: Pipeline['steps']): Pipeline {
    const { environment, unsafeRequests } = this.parts;
    const { identity } = plan;
    return new Pipeline({
      operation,
      steps,
      target: this.targetOf(plan, operation, steps),
      environment,
      isPart: !plan.isOutermost,
      isUnsafe: () => unsafeRequests.isUnsafeNow(identity),
    });
  }

  private targetOf(plan: MethodPlan, operation: string, steps: Pipeline['steps']): Target {
    const known = this.targets.get(plan);
    if (known !== undefined) return known;
    const method = this.methodOf(plan, operation, steps);
    const target = { method, contextIndex: plan.contextIndex };
    this.targets.set(plan, target);
    return target;
  }

  private methodOf(plan: MethodPlan, operation: string, steps: Pipeline['steps']): AnyMethod {
    for (const step of steps) {
      if (step.word !== 'idempotent') continue;
      // What a route answers is kept as it is written, whatever its handler gives.
      const isKeptOnWire = step.rule.options.key === undefined;
      return isKeptOnWire ? plan.inner : knownStreamOnly(plan, operation);
    }
    return plan.inner;
  }
}
