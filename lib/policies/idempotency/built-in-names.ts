/** Errors whose classes every realm has. */
export const BUILT_IN_ERRORS = {
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
} as const;

const MARKED = ['Date', 'Map', 'Set', 'RegExp', 'ArrayBuffer'];

/** The type of a value that this runtime itself has made; `undefined` for instances of classes that extend it. */
export function builtInName(value: object): string | undefined {
  const name = classNameOf(value);
  const mark = Object.prototype.toString.call(value).slice(8, -1);
  if (ArrayBuffer.isView(value))
    return name === (Buffer.isBuffer(value) ? 'Buffer' : mark) ? name : undefined;
  if (mark === 'Error') return isBuiltInError(name) ? name : undefined;
  if (value instanceof URL) return name === 'URL' ? name : undefined;
  return mark === name && MARKED.includes(name) ? name : undefined;
}

/** Whether what it holds is not among its members, of which it then has none. */
export function hasNoMembers(type: string | undefined): boolean {
  return type === 'URL' || (type !== undefined && MARKED.includes(type));
}

function isBuiltInError(name: string): boolean {
  return name === 'AggregateError' || Object.hasOwn(BUILT_IN_ERRORS, name);
}

/** The name of the class that an object says it is of. */
export function classNameOf(value: object): string {
  const { constructor } = value;
  // Older versions of Node call the class of a buffer so.
  if (typeof constructor !== 'function') return 'no class';
  return constructor.name === 'FastBuffer' ? 'Buffer' : constructor.name;
}
