/*
 * clock_timestamp() throughout: now() is the start of the transaction. What follows ON CONFLICT DO UPDATE is computed
 * once the row is locked, so a fence never goes backwards and no lease is born expired after a wait.
 */

/** The moment at which it is computed. */
export const NOW = 'clock_timestamp()';
/** So many milliseconds from now; the parameter holds the number. */
export const later = (parameter: number): string =>
  `${NOW} + $${parameter}::float8 * interval '1 millisecond'`;
/** Milliseconds until then, or a negative number. */
export const left = (column: string): string => `(extract(epoch FROM ${column} - ${NOW}) * 1000)::float8`;

/** Sets the limit of lock waits for this statement alone, on whosever connection, without a round trip. */
export const bounded = (parameter: number): string =>
  `limits AS MATERIALIZED (SELECT set_config('lock_timeout', $${parameter}::text, true))`;
/** In a transaction that is not ours the limits are its own affair. */
export const UNBOUNDED = 'limits AS MATERIALIZED (SELECT 1)';

/** What every write of a new record names. */
export const RECORD_COLUMNS =
  'key, state, last_step, fingerprint, owner, fence, attempts, recovered, lease_end, retention_end, created_at';
