import { beginStatement } from './begin-statement.js';
import type { TableNames } from './postgres-schema.js';
import { bounded, later, left, NOW, RECORD_COLUMNS, UNBOUNDED } from './sql-parts.js';

/** The statements of a store, each one round trip. */
export interface PostgresStatements {
  readonly begin: string;
  readonly extend: string;
  readonly complete: string;
  /** The same for an open transaction: its `lock_timeout` is its own affair. */
  readonly extendWithin: string;
  readonly completeWithin: string;
  readonly release: string;
  readonly forget: string;
  readonly read: string;
  readonly sweep: string;
}

/** Every statement for these names. */
export function statementsFor(names: TableNames): PostgresStatements {
  return {
    begin: beginStatement(names),
    extend: extendStatement(names, bounded(9)),
    complete: completeStatement(names, bounded(11)),
    extendWithin: extendStatement(names, UNBOUNDED),
    completeWithin: completeStatement(names, UNBOUNDED),
    release: releaseStatement(names),
    forget: forgetStatement(names),
    read: readStatement(names),
    sweep: sweepStatement(names),
  };
}

const MINE = '(r.owner = $2::text AND r.fence = $3::bigint)';
const GONE = `r.retention_end <= ${NOW}`;

/** $2 owner, $3 fence, $4 attempts, $5 mark, $6 fingerprint, $7 retention, $8 lease, $9 lock timeout. No row: fenced. */
function extendStatement({ table }: TableNames, limits: string): string {
  const kept = `${MINE} AND NOT ${GONE}`;
  return `WITH ${limits}
INSERT INTO ${table} AS r (${RECORD_COLUMNS})
SELECT $1::bytea, 1, 'recreated', $6::text, $2::text, $3::bigint, $4::integer, $5::boolean,
  ${later(8)}, ${later(7)}, ${NOW}
FROM limits
ON CONFLICT (key) DO UPDATE SET
  state = 1,
  last_step = CASE WHEN ${kept} THEN 'renewed' ELSE 'recreated' END,
  fingerprint = CASE WHEN ${kept} THEN r.fingerprint ELSE excluded.fingerprint END,
  owner = excluded.owner, fence = excluded.fence, attempts = excluded.attempts, recovered = excluded.recovered,
  lease_end = ${later(8)}, retention_end = ${later(7)},
  outcome_kind = NULL, metadata = NULL, body = NULL, completed_at = NULL,
  created_at = CASE WHEN ${kept} THEN r.created_at ELSE ${NOW} END
WHERE ${GONE} OR (r.state = 1 AND ${MINE})
RETURNING r.last_step = 'recreated' AS recreated`;
}

/**
 * $2 owner, $3 fence, $4 attempts, $5 mark, $6 fingerprint, $7 retention, $8 kind, $9 metadata, $10 body, $11 lock
 * timeout. No row: fenced. What this claim has completed already is written again as it was, which waits for
 * whoever is completing it now.
 */
function completeStatement({ table }: TableNames, limits: string): string {
  const kept = `${MINE} AND NOT ${GONE}`;
  const first = (column: string, value = `excluded.${column}`): string =>
    `${column} = CASE WHEN r.state = 2 AND ${kept} THEN r.${column} ELSE ${value} END`;
  return `WITH ${limits}
INSERT INTO ${table} AS r (${RECORD_COLUMNS}, outcome_kind, metadata, body, completed_at)
SELECT $1::bytea, 2, 'recreated', $6::text, $2::text, $3::bigint, $4::integer, $5::boolean,
  ${NOW}, ${later(7)}, ${NOW}, $8::text, $9::bytea, $10::bytea, ${NOW}
FROM limits
ON CONFLICT (key) DO UPDATE SET
  state = 2,
  last_step = CASE WHEN ${kept} THEN 'completed' ELSE 'recreated' END,
  fingerprint = CASE WHEN ${kept} THEN r.fingerprint ELSE excluded.fingerprint END,
  owner = excluded.owner, fence = excluded.fence, attempts = excluded.attempts, recovered = excluded.recovered,
  created_at = CASE WHEN ${kept} THEN r.created_at ELSE ${NOW} END,
  ${first('retention_end', later(7))}, ${first('completed_at', NOW)},
  ${first('outcome_kind')}, ${first('metadata')}, ${first('body')}
WHERE ${GONE} OR (r.state IN (1, 2) AND ${MINE})
RETURNING r.last_step = 'recreated' AS recreated`;
}

/** $2 owner, $3 fence or null, $4 retention, $5 retention of a recovered one, $6 lock timeout. */
function releaseStatement({ table }: TableNames): string {
  const mine = (record: string): string =>
    `(${record}.state = 1 AND ${record}.owner = $2::text AND ${record}.fence = coalesce($3::bigint, ${record}.fence))`;
  return `WITH ${bounded(6)},
found AS MATERIALIZED (SELECT r.state, r.owner, r.fence FROM ${table} r WHERE r.key = $1 AND NOT ${GONE}),
changed AS (
  UPDATE ${table} r SET state = 3, last_step = 'released', owner = '', fingerprint = '',
    retention_end = CASE WHEN r.recovered THEN ${later(5)} ELSE ${later(4)} END
  FROM limits WHERE r.key = $1 AND ${mine('r')} AND NOT ${GONE} RETURNING 1
)
SELECT CASE
  WHEN EXISTS (SELECT 1 FROM changed) THEN 'ok'
  WHEN NOT EXISTS (SELECT 1 FROM found) THEN 'gone'
  WHEN EXISTS (SELECT 1 FROM found WHERE state = 3) THEN 'ok'
  WHEN EXISTS (SELECT 1 FROM found WHERE ${mine('found')}) THEN 'again'
  ELSE 'fenced' END AS answer`;
}

/** $2 least retention, $3 lock timeout. A row: there was a record. */
function forgetStatement({ table }: TableNames): string {
  return `WITH ${bounded(3)}
UPDATE ${table} r SET state = 3, last_step = 'forgotten', owner = '', fingerprint = '',
  outcome_kind = NULL, metadata = NULL, body = NULL, completed_at = NULL,
  retention_end = greatest(r.retention_end, ${later(2)})
FROM limits WHERE r.key = $1 AND NOT ${GONE} RETURNING 1`;
}

function readStatement({ table }: TableNames): string {
  return `SELECT state, attempts, recovered, fence::text, ${left('lease_end')} AS lease_left,
  ${left('retention_end')} AS retention_left, outcome_kind, metadata, body, fingerprint
FROM ${table} r WHERE key = $1 AND NOT ${GONE}`;
}

/** $1 most rows. The start of the statement is early enough, and unlike the present moment it can use the index. */
function sweepStatement({ table }: TableNames): string {
  return `WITH removed AS (
  DELETE FROM ${table} WHERE key = ANY (ARRAY(
    SELECT key FROM ${table} WHERE retention_end <= statement_timestamp()
    ORDER BY retention_end LIMIT $1 FOR UPDATE SKIP LOCKED
  )) AND retention_end <= statement_timestamp() RETURNING 1
)
SELECT count(*)::integer AS removed FROM removed`;
}
