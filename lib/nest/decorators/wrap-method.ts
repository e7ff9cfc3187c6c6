import 'reflect-metadata';
import { InvalidOptionsError } from '../../core/index.js';
import { declareInjection, hostOf } from '../host-binding.js';
import { type AnyMethod, memberText, MethodPlan, planOf, recordPlan } from '../method-plan.js';
import { callPlan } from '../runtime/index.js';

/** Where a decorator was written. */
export interface DecoratedMember {
  readonly target: object;
  readonly member: string | symbol;
  readonly descriptor: PropertyDescriptor;
}

/**
 * The one place that replaces a method: in the class definition, by the first of our decorators, inside the
 * descriptor. A decorator that finds the very function we put there for this method of this class adds to its
 * plan; whatever else stands there is somebody else's, and gets a plan around it.
 *
 * @throws {InvalidOptionsError} where the decorator does not stand on a method
 */
export function wrapMethod(
  decorator: string,
  target: unknown,
  member: unknown,
  descriptor: unknown,
): MethodPlan {
  const place = memberOf(decorator, target, member, descriptor);
  const known = planOf(place.descriptor.value);
  if (known !== undefined && known.owner === place.target && known.member === place.member) return known;
  const isStatic = typeof place.target === 'function';
  // The descriptor of a method was found to hold a function.
  const inner = place.descriptor.value as AnyMethod;
  const plan = new MethodPlan({ owner: place.target, isStatic, member: place.member, inner });
  const wrapper = standIn(plan);
  recordPlan(plan, wrapper);
  place.descriptor.value = wrapper;
  if (!isStatic) declareInjection(place.target);
  return plan;
}

function memberOf(decorator: string, target: unknown, member: unknown, descriptor: unknown): DecoratedMember {
  if (isObject(member) && 'kind' in member) {
    const { name } = member as { readonly name?: unknown };
    const remedy = 'is called as a standard decorator: set experimentalDecorators in tsconfig.json';
    throw misplaced(decorator, String(name), remedy);
  }
  const className = classNameOf(target);
  if (!isKey(member)) throw misplaced(decorator, className, 'stands on a class: give it to a method');
  const name = `${className}.${memberText(member)}`;
  if (!isObject(descriptor)) {
    const place = typeof descriptor === 'number' ? 'a parameter' : 'a property';
    throw misplaced(decorator, name, `stands on ${place}: make it a method`);
  }
  if (typeof (descriptor as PropertyDescriptor).value !== 'function') {
    throw misplaced(decorator, name, 'stands on a getter or setter: make it a method');
  }
  // Checked above: a method decorator is given its target, the member's name and its descriptor.
  return { target, member, descriptor } as DecoratedMember;
}

function isKey(value: unknown): value is string | symbol {
  return typeof value === 'string' || typeof value === 'symbol';
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function classNameOf(target: unknown): string {
  if (typeof target === 'function') return target.name;
  return isObject(target) ? target.constructor.name : '(unknown class)';
}

function misplaced(decorator: string, operation: string, expected: string): InvalidOptionsError {
  return new InvalidOptionsError({
    operation,
    policy: `@${decorator}`,
    field: 'target',
    value: undefined,
    expected,
  });
}

/** The function in the method's place: its name, length, properties and metadata are the method's. */
function standIn(plan: MethodPlan): AnyMethod {
  const { inner } = plan;
  const wrapper = function (this: unknown, ...args: unknown[]): unknown {
    // What most calls need stands here: each function less on their way is a tenth of a bare call.
    const { lastShortcut } = plan;
    if (lastShortcut?.isOpen === true && hostOf(this) === plan.lastHost) return lastShortcut.call(this, args);
    if (plan.isBare && hostOf(this) === plan.lastHost) return Reflect.apply(inner, this, args);
    return callPlan(plan, this, args);
  };
  for (const key of Reflect.ownKeys(inner)) {
    const property = Object.getOwnPropertyDescriptor(inner, key);
    if (key === 'prototype' || property === undefined) continue;
    Object.defineProperty(wrapper, key, property);
  }
  for (const key of Reflect.getOwnMetadataKeys(inner)) {
    Reflect.defineMetadata(key, Reflect.getOwnMetadata(key, inner), wrapper);
  }
  return wrapper as AnyMethod;
}
