/** Deeper values go the way that looks out for cycles. */
const DEEPEST = 100;

/** Whether JSON brings a value back exactly as it is. */
export function isPlainJson(value: unknown, depth = 0): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0);
    case 'object':
      if (value === null) return true;
      if (depth > DEEPEST) return false;
      return Array.isArray(value) ? isPlainList(value, depth) : isPlainMembers(value, depth);
    default:
      return false;
  }
}

function isPlainList(list: readonly unknown[], depth: number): boolean {
  if (!isList(list) || speaksForItself(list)) return false;
  // By index: a hole reads `undefined`, which is special.
  for (let index = 0; index < list.length; index += 1) {
    if (!isPlainJson(list[index], depth + 1)) return false;
  }
  return true;
}

function isPlainMembers(value: object, depth: number): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null || !isObjectPrototype(prototype) || hasVisibleSymbols(value)) return false;
  if (speaksForItself(value)) return false;
  // Members that the prototype has are no members, and JSON does not write them either.
  for (const name of Object.keys(value)) {
    if (!isPlainJson((value as Readonly<Record<string, unknown>>)[name], depth + 1)) return false;
  }
  return true;
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

/** Whether it has members that are named by symbols and can be seen. */
export function hasVisibleSymbols(value: object): boolean {
  const symbols = Object.getOwnPropertySymbols(value);
  return symbols.some((symbol) => Object.prototype.propertyIsEnumerable.call(value, symbol));
}
