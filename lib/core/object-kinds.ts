/** Whether it is an object literal, or as good as one; one of another realm is. */
export function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return true;
  return Object.hasOwn(prototype as object, 'hasOwnProperty') && Object.getPrototypeOf(prototype) === null;
}

/** Whether anything of an instance can be seen from outside; an undefined member counts as one. */
export function hasContent(value: object & { readonly toJSON?: unknown }): boolean {
  return typeof value.toJSON === 'function' || Object.keys(value).length > 0;
}

/** Whether it stands for content that is still to come. */
export function isActive(value: object): boolean {
  const one = value as Readonly<Record<PropertyKey, unknown>>;
  const signs: readonly PropertyKey[] = ['then', 'pipe', 'getReader', Symbol.asyncIterator];
  return signs.some((sign) => typeof one[sign] === 'function');
}

/** What an object is an instance of, as an error says it. */
export function className(value: object): string {
  const { constructor } = value;
  return typeof constructor === 'function' ? `an instance of ${constructor.name}` : 'an instance of no class';
}

const NONE: readonly string[] = [];

/** What an array has besides its values, as what a regular expression has found does. */
export function namesBesides(list: readonly unknown[]): readonly string[] {
  const names = Object.keys(list);
  const last = names.at(-1);
  // Those of its values come first.
  if (last === undefined || isIndex(last, list.length)) return NONE;
  return names.filter((name) => !isIndex(name, list.length));
}

function isIndex(name: string, length: number): boolean {
  const index = Number(name) >>> 0;
  return index < length && String(index) === name;
}
