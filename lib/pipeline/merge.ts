type Plain = Readonly<Record<string, unknown>>;

function isPlain(value: unknown): value is Plain {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Lays options over each other, field by field, the later ones winning; `undefined` says nothing. */
export function layered<T extends object>(...layers: readonly (T | undefined)[]): T {
  const merged: Record<string, unknown> = {};
  for (const layer of layers) {
    for (const [field, value] of Object.entries(layer ?? {})) {
      if (value === undefined) continue;
      const below = merged[field];
      merged[field] = field === 'backoff' && isPlain(below) && isPlain(value) ? shaped(below, value) : value;
    }
  }
  // Every field comes from a layer, and all layers are of this type.
  return merged as T;
}

/** A type and a list of delays say the same thing in two ways: the later one of the two takes the other's place. */
function shaped(below: Plain, above: Plain): Plain {
  const { type, delays, ...others } = below;
  const isStated = above['type'] !== undefined || above['delays'] !== undefined;
  return isStated ? layered<Plain>(others, above) : layered<Plain>({ ...others, type, delays }, above);
}

/** Whether two option values mean the same. */
export function isSameOption(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((each, index) => isSameOption(each, other[index]));
  }
  if (!isPlain(one) || !isPlain(other)) return false;
  const fields = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...fields].every((field) => isSameOption(one[field], other[field]));
}
