import type { CallContext } from '../core/call.js';
import type { Environment } from '../core/environment.js';
import type { Scope } from '../core/scope.js';
import type { CallRecord } from './call-record.js';

/** A method as the pipeline calls it. */
export interface Target {
  // A method of any class: its parameters are the user's business.
  readonly method: (...args: never[]) => unknown;
  /** Index of the argument that receives the call context, if the method has one. */
  readonly contextIndex?: number | undefined;
}

/** In the place of an argument's index: the call context is the only argument. */
const CONTEXT_ALONE = -1;

/** In the place of an argument's index: the call context comes before all arguments. */
export const CONTEXT_FIRST = -2;

type ContextFunction = (call: CallContext) => unknown;

/** The target of pipelines that run functions: each call brings its own, in the place of an instance. */
export const FUNCTIONS: Target = {
  method(this: ContextFunction, call: CallContext): unknown {
    return this(call);
  },
  contextIndex: CONTEXT_ALONE,
};

/** The arguments with the call context in its place. */
export function argumentsFor(
  args: readonly unknown[],
  contextIndex: number | undefined,
  context: unknown,
): readonly unknown[] {
  if (contextIndex === undefined) return args;
  if (contextIndex === CONTEXT_ALONE) return [context];
  if (contextIndex === CONTEXT_FIRST) return [context, ...args];
  const complete = [...args];
  while (complete.length < contextIndex) complete.push(undefined);
  complete[contextIndex] = context;
  return complete;
}

/** Calls a method. One or two arguments are passed on by themselves: unpacking an array costs a tenth of a call. */
export function apply(method: Target['method'], self: unknown, args: readonly unknown[]): unknown {
  // A method of any class: what it takes is what its caller has given.
  const fn = method as (...given: unknown[]) => unknown;
  if (args.length === 1) return fn.call(self, args[0]);
  return args.length === 2 ? fn.call(self, args[0], args[1]) : Reflect.apply(fn, self, args);
}

/** Runs what may call other decorated methods inside the scope, where the scope can end before its work does. */
export function within<T>(environment: Environment, scope: Scope, fn: () => T): T {
  return scope.isLimited ? environment.ambient.run(scope, fn) : fn();
}

/**
 * Calls the method for one attempt, or takes the answer of a first attempt that was already made. What the method
 * throws is thrown; where nobody waits any more, it is not called.
 *
 * @throws the reason of the cancellation
 */
export function invoke(target: Target, environment: Environment, scope: Scope, record: CallRecord): unknown {
  const { invocation } = record;
  if (invocation !== undefined) {
    invocation.scope?.enter(scope);
    if (invocation.hasFailed) throw invocation.result;
    return invocation.result;
  }
  if (scope.isCancelled) throw scope.cancellation.reason;
  const args = argumentsFor(record.args, target.contextIndex, scope);
  const call = (): unknown =>
    within(environment, scope, () => Reflect.apply(target.method, record.self, args));
  return record.claim === undefined ? call() : record.claim.invoke(call);
}
