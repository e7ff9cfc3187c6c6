import type { MethodKind, MethodPlan } from '../method-plan.js';

/** Kinds are told by shape and name, not by class: there may be two copies of a library. */
const KIND_BY_TYPE: Readonly<Record<string, MethodKind>> = { Promise: 'promise', Observable: 'observable' };
const KIND_BY_FUNCTION: Readonly<Record<string, MethodKind>> = {
  AsyncFunction: 'promise',
  AsyncGeneratorFunction: 'iterable',
};

/**
 * What a method gives, as far as it can be known before its first call: the function itself says it, then the
 * return type that the compiler has recorded.
 */
export function declaredKind(plan: MethodPlan): MethodKind | undefined {
  return certainKind(plan) ?? recordedKind(plan);
}

/**
 * What a method gives, where its first call could not show anything else. A recorded promise is not certain: SWC
 * records one for an async generator too, which a foreign decorator may hide, and a cast may hide a plain value.
 */
export function certainKind(plan: MethodPlan): MethodKind | undefined {
  const byFunction = KIND_BY_FUNCTION[plan.inner.constructor.name];
  if (byFunction !== undefined) return byFunction;
  const recorded = recordedKind(plan);
  return recorded === 'promise' ? undefined : recorded;
}

function recordedKind({ owner, member }: MethodPlan): MethodKind | undefined {
  const type: unknown = Reflect.getMetadata('design:returntype', owner, member);
  return typeof type === 'function' ? KIND_BY_TYPE[type.name] : undefined;
}

/** The kind of stream that a value is, if it is one; a promise that will give a stream is a promise. */
export function streamKind(value: unknown): 'observable' | 'iterable' | undefined {
  if (typeof value !== 'object' || value === null || isThenable(value)) return undefined;
  if ('subscribe' in value && 'pipe' in value) return 'observable';
  return Symbol.asyncIterator in value ? 'iterable' : undefined;
}

/** Whether a value is awaited. */
export function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
