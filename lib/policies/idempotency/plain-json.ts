import { namesBesides } from '../../core/object-kinds.js';

/** Deeper values go the way that looks out for cycles. */
const DEEPEST = 100;

/** JSON does not bring the value back exactly as it is. */
export const NOT_PLAIN = -1;
/** The value is longer than it may be, in whatever form it is written. */
export const TOO_LONG = -2;

/**
 * How many bytes are left behind the value, at most, where JSON brings it back exactly as it is. A value that is
 * referred to many times is written as often: only the bound keeps few objects from being looked at for ever.
 */
export function leftBehindPlain(value: unknown, left: number, depth = 0): number {
  switch (typeof value) {
    case 'string':
      return kept(left - value.length - 2);
    case 'boolean':
      return kept(left - 1);
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0) ? kept(left - 1) : NOT_PLAIN;
    case 'object':
      return value === null ? kept(left - 1) : leftBehindObject(value, left, depth);
    default:
      return NOT_PLAIN;
  }
}

function kept(left: number): number {
  return left < 0 ? TOO_LONG : left;
}

function leftBehindObject(value: object, left: number, depth: number): number {
  if (depth > DEEPEST) return NOT_PLAIN;
  return Array.isArray(value) ? leftBehindList(value, left, depth) : leftBehindMembers(value, left, depth);
}

function leftBehindList(list: readonly unknown[], left: number, depth: number): number {
  if (!isList(list) || speaksForItself(list)) return NOT_PLAIN;
  // Its bracket, and a comma or bracket behind each value.
  let rest = kept(left - 1 - list.length);
  if (rest >= 0 && hasMembersBesides(list)) return NOT_PLAIN;
  // By index: a hole reads `undefined`, which is special.
  for (let index = 0; index < list.length && rest >= 0; index += 1) {
    rest = leftBehindPlain(list[index], rest, depth + 1);
  }
  return rest;
}

function leftBehindMembers(value: object, left: number, depth: number): number {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null || !isObjectPrototype(prototype) || hasVisibleSymbols(value)) return NOT_PLAIN;
  if (speaksForItself(value)) return NOT_PLAIN;
  let rest = left - 1;
  // Members that the prototype has are no members, and JSON does not write them either.
  for (const name of Object.keys(value)) {
    const member = (value as Readonly<Record<string, unknown>>)[name];
    // Quotes, colon, and comma or brace.
    rest = leftBehindPlain(member, rest - name.length - 4, depth + 1);
    if (rest < 0) return rest;
  }
  return kept(rest);
}

/** Whether JSON would write something else in its place; a `toJSON` that is not enumerable is seen by nobody else. */
function speaksForItself(value: object): boolean {
  return typeof (value as { readonly toJSON?: unknown }).toJSON === 'function';
}

/** Whether it is `Object.prototype`, of whichever realm. */
export function isObjectPrototype(prototype: unknown): boolean {
  if (prototype === Object.prototype) return true;
  if (typeof prototype !== 'object' || prototype === null) return false;
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'hasOwnProperty');
}

/** Whether it is an array and not an instance of a class that extends it. */
export function isList(value: readonly unknown[]): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return (
    prototype === Array.prototype || (Array.isArray(prototype) && prototype.constructor?.name === 'Array')
  );
}

/** Whether an array has members besides its values, as what a regular expression has found does. */
export function hasMembersBesides(list: readonly unknown[]): boolean {
  return namesBesides(list).length > 0 || hasVisibleSymbols(list);
}

/** Whether it has members that are named by symbols and can be seen. */
export function hasVisibleSymbols(value: object): boolean {
  const symbols = Object.getOwnPropertySymbols(value);
  return symbols.some((symbol) => Object.prototype.propertyIsEnumerable.call(value, symbol));
}
