import type { Observable } from 'rxjs';
import { InvalidOptionsError } from '../../core/index.js';
import type { MethodPolicyOptions } from '../../pipeline/index.js';
import type { AnyMethod, MethodPlan } from '../method-plan.js';
import { wrapMethod } from './wrap-method.js';

/** A method that a policy can stand around: what it gives is a promise, an Observable or an async iterable. */
export type AsyncMethod = (
  ...args: never[]
) => PromiseLike<unknown> | Observable<unknown> | AsyncIterable<unknown>;

/** What the compiler reads out where a decorated method is synchronous. */
interface SynchronousMethod {
  readonly 'a decorated method must return a Promise, an Observable or an async iterable': never;
}

type IfAsync<M> = M extends AsyncMethod ? unknown : SynchronousMethod;

/**
 * A decorator of methods that give a promise, an Observable or an async iterable; a synchronous method does not
 * compile.
 */
// The descriptor is optional for the type checker alone, so that the decorator fits `applyDecorators`.
export type PolicyDecorator = <M extends AnyMethod>(
  target: object,
  member: string | symbol,
  descriptor?: TypedPropertyDescriptor<M> & IfAsync<M>,
) => void;

/** The same on this side of the types: what it is really given is checked when it runs. */
export type UntypedDecorator = (
  target: object,
  member: string | symbol,
  descriptor?: PropertyDescriptor,
) => void;

/** What one decorator adds to the plan of its method. */
export interface PolicyRequest<P extends keyof MethodPolicyOptions> {
  /** As it is written: `Retryable`. */
  readonly decorator: string;
  readonly policy: P;
  readonly options: MethodPolicyOptions[P];
}

/** Makes a decorator that adds one policy to the plan of its method. */
export function policyDecorator<P extends keyof MethodPolicyOptions>(
  request: PolicyRequest<P>,
): UntypedDecorator {
  return (target, member, descriptor) => {
    const plan = wrapMethod(request.decorator, target, member, descriptor);
    if (plan.policies[request.policy] === undefined) plan.policies[request.policy] = request.options;
    else reportTwice(plan, request.decorator);
  };
}

/** The same policy twice on a method stops the boot. */
export function reportTwice(plan: MethodPlan, decorator: string): void {
  const facts = { policy: `@${decorator}`, field: 'decorator', value: undefined };
  const expected = 'stands twice on this method: give all its options to one';
  plan.problems.push((operation) => new InvalidOptionsError({ ...facts, operation, expected }));
}
