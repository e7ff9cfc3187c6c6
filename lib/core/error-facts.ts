/** A field of anything; `undefined` where there is none, and where reading it throws. */
export function fieldOf(subject: unknown, field: string): unknown {
  if (subject === null || (typeof subject !== 'object' && typeof subject !== 'function')) return undefined;
  try {
    return (subject as Readonly<Record<string, unknown>>)[field];
  } catch {
    return undefined;
  }
}

/** What a reading gives; `undefined` where it throws, as that of a hostile `Proxy` does. */
export function tryToRead<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** A field that holds a text; the empty text where it does not. */
export function textOf(subject: unknown, field: string): string {
  const value = fieldOf(subject, field);
  return typeof value === 'string' ? value : '';
}

/** Status of the HTTP answer that an error, or a `Response`, tells of. */
export function statusOf(error: unknown): number | undefined {
  const response = fieldOf(error, 'response');
  return (
    asStatus(nestStatusOf(error)) ??
    asStatus(fieldOf(response, 'status')) ??
    asStatus(fieldOf(error, 'status')) ??
    asStatus(fieldOf(error, 'statusCode')) ??
    asStatus(fieldOf(response, 'statusCode'))
  );
}

/** The members of an `AggregateError`; empty for everything else. */
export function membersOf(error: unknown): readonly unknown[] {
  // By name as well: errors of another realm, as of a VM context, are instances of other classes.
  const isAggregate = textOf(error, 'name') === 'AggregateError' || isInstance(error, AggregateError);
  const members = isAggregate ? fieldOf(error, 'errors') : undefined;
  return tryToRead(() => (Array.isArray(members) ? [...(members as readonly unknown[])] : [])) ?? [];
}

/** `instanceof`, for anything at all. */
export function isInstance(error: unknown, ofClass: abstract new (...args: never[]) => unknown): boolean {
  return tryToRead(() => error instanceof ofClass) ?? false;
}

/** What is left of an allowance of errors to look at; shared by all chains of one question. */
export interface Allowance {
  left: number;
}

/** Chains may be as long as memory allows, and endless where `cause` is computed. */
export const MOST_ERRORS = 100_000;

/** The error, its cause, the cause of that, and so on: each once, as many as are allowed. */
export function* causesOf(error: unknown, allowance: Allowance): Generator<unknown, void> {
  const seen = new Set<unknown>();
  for (let each = error; each !== undefined && each !== null; each = fieldOf(each, 'cause')) {
    if (seen.has(each) || allowance.left <= 0) return;
    seen.add(each);
    allowance.left -= 1;
    yield each;
  }
}

function nestStatusOf(error: unknown): unknown {
  const getStatus = fieldOf(error, 'getStatus');
  return typeof getStatus === 'function' ? tryToRead<unknown>(() => getStatus.call(error)) : undefined;
}

/** Below 100 no HTTP status begins, but exit codes of processes are found in the same field. */
function asStatus(value: unknown): number | undefined {
  if (typeof value === 'string') return /^[1-9]\d\d$/.test(value) ? Number(value) : undefined;
  return typeof value === 'number' && Number.isInteger(value) && value >= 100 ? value : undefined;
}
