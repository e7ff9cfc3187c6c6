import type { OptionChange } from '../../core/index.js';
import { isSameOption } from '../../pipeline/index.js';

type Plain = Readonly<Record<string, unknown>>;

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

/**
 * A copy that later writes to the original do not reach; what is no plain object (stores, clocks, functions, classes)
 * is the same in both.
 */
export function copied<T>(value: T): T {
  if (Array.isArray(value)) return [...(value as unknown[])] as T;
  if (!isPlain(value)) return value;
  // The same fields, each of them copied in turn.
  return Object.fromEntries(Object.entries(value).map(([field, each]) => [field, copied(each)])) as T;
}

/** Every option that the two do not say alike, by its path. */
export function changesBetween(before: unknown, after: unknown, path = ''): readonly OptionChange[] {
  if (isSameOption(before, after)) return [];
  if (!isGroup(before) || !isGroup(after) || (before === undefined && after === undefined)) {
    return [{ path, before, after }];
  }
  const [one, other] = [before ?? {}, after ?? {}];
  const fields = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...fields].flatMap((field) => changesBetween(one[field], other[field], joined(path, field)));
}

/** What may hold further options: where one side says nothing, what the other says is told option by option. */
function isGroup(value: unknown): value is Plain | undefined {
  return value === undefined || isPlain(value);
}

function joined(path: string, field: string): string {
  if (!IDENTIFIER.test(field)) return `${path}['${field}']`;
  return path === '' ? field : `${path}.${field}`;
}

function isPlain(value: unknown): value is Plain {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
