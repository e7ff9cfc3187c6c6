import type { ExecutionContext } from '@nestjs/common';
import type { IdempotentMethod } from '../../../pipeline/index.js';
import { plansBelow, prototypesOf } from '../../hosts.js';
import { type MethodPlan, planOf } from '../../method-plan.js';
import type { ResilienceRuntime } from '../../runtime/index.js';
import { GuardedRoute } from './guarded-route.js';

/** A guarded handler of one application. */
export interface GuardedHandler {
  readonly plan: MethodPlan;
  /** `undefined` where the key is made of the arguments, so that the claim is made at the method. */
  readonly route: GuardedRoute | undefined;
}

/** The guarded handlers of one application. */
class GuardedHandlers {
  private readonly handlers = new WeakMap<object, GuardedHandler | 'none'>();

  constructor(private readonly runtime: ResilienceRuntime) {}

  /** @throws {InvalidOptionsError} where no boot has checked the handler, and its options cannot be meant */
  of(context: ExecutionContext): GuardedHandler | undefined {
    const handler = context.getHandler();
    const known = this.handlers.get(handler);
    if (known !== undefined) return known === 'none' ? undefined : known;
    const found = this.find(context);
    this.handlers.set(handler, found ?? 'none');
    return found;
  }

  private find(context: ExecutionContext): GuardedHandler | undefined {
    const plan = guardedPlanOf(context);
    if (plan === undefined) return undefined;
    const method = this.methodOf(plan);
    const isOuter = method.options.key === undefined;
    return { plan, route: isOuter ? new GuardedRoute(this.runtime, plan, method) : undefined };
  }

  private methodOf(plan: MethodPlan): IdempotentMethod {
    for (const step of this.runtime.compile(plan).steps) if (step.word === 'idempotent') return step.rule;
    throw new Error(`${plan.text} has lost its guard`);
  }
}

const BY_RUNTIME = new WeakMap<ResilienceRuntime, GuardedHandlers>();

/** The guarded handlers of an application. */
export function guardedHandlersOf(runtime: ResilienceRuntime): GuardedHandlers {
  const known = BY_RUNTIME.get(runtime) ?? new GuardedHandlers(runtime);
  BY_RUNTIME.set(runtime, known);
  return known;
}

/** The plan that guards a handler; behind a foreign decorator that has replaced the method too. */
function guardedPlanOf(context: ExecutionContext): MethodPlan | undefined {
  const handler = context.getHandler();
  const standing = planOf(handler);
  if (standing?.policies.idempotent !== undefined) return standing;
  // The type says `any`: Nest knows nothing of a class but that it is one.
  const prototype = context.getClass().prototype as object;
  const member = memberOf(prototype, handler);
  return plansBelow(prototype).find(
    (plan) => plan.member === member && plan.policies.idempotent !== undefined,
  );
}

/** By the function itself: whoever replaces a method may give it another name. */
function memberOf(prototype: object, handler: { readonly name: string }): string | symbol {
  for (const each of prototypesOf(prototype)) {
    const found = Reflect.ownKeys(each).find(
      (key) => Object.getOwnPropertyDescriptor(each, key)?.value === handler,
    );
    if (found !== undefined) return found;
  }
  return handler.name;
}
