/** Rows of an answer. */
export interface PostgresResult {
  /** What the statement answered. */
  readonly rows: readonly unknown[];
}

/**
 * Whatever runs one statement: a client or pool of `pg` (8.11 or above), or the open transaction of an ORM that
 * can hand this out. `$1` stands for the first value; values are text, numbers, booleans, null and buffers.
 */
export interface PostgresQueryable {
  /** Runs one statement. */
  query(text: string, values?: unknown[]): Promise<PostgresResult>;
}

/** A connection that was taken out of a pool. */
export interface PostgresConnection extends PostgresQueryable {
  /** Gives it back; with an error it is closed instead. */
  release(error?: Error | boolean): void;
  /** Clients of `pg` tell of a broken connection this way; unheard, that would end the process. */
  on?(event: 'error', listener: (error: Error) => void): unknown;
  /** Takes a listener away. */
  removeListener?(event: 'error', listener: (error: Error) => void): unknown;
}

/** What is used of a pool of `pg`, or of anything of its shape. */
export interface PostgresPool extends PostgresQueryable {
  /** A client of its own, to be released. */
  connect(): Promise<PostgresConnection>;
}

/** The SQLSTATE of an error, in whatever copy of the driver it was made. */
export function sqlStateOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const code: unknown = Reflect.get(error, 'code');
  return typeof code === 'string' ? code : undefined;
}

/** A transaction met another one, and can be tried again from its beginning. */
export function isConflict(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state === '40001' || state === '40P01';
}

/** A lock was not to be had within the time. */
export function isLockTimeout(error: unknown): boolean {
  return sqlStateOf(error) === '55P03';
}

/** Whether something has these functions. */
export function hasMembers(value: unknown, ...names: readonly string[]): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return names.every((name) => typeof Reflect.get(value, name) === 'function');
}
