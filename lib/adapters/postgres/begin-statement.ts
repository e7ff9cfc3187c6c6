import { bounded, later, left, NOW, RECORD_COLUMNS } from './sql-parts.js';
import type { TableNames } from './postgres-schema.js';

/** Both fingerprints have a tag, the same one. */
const comparable = (fingerprint: string): string =>
  `(${fingerprint} <> '' AND $2::text <> '' AND split_part(${fingerprint}, ':', 1) = split_part($2::text, ':', 1))`;
const differs = (record: string): string =>
  `(${comparable(`${record}.fingerprint`)} AND ${record}.fingerprint <> $2::text)`;

/**
 * Decides and claims in one statement, and writes only where it may claim: a replay or a refusal locks nothing.
 * $1 key, $2 fingerprint, $3 owner, $4 lease, $5 retention, $6 lock timeout.
 * No row means that another one was quicker than this statement's snapshot: look again.
 */
export function beginStatement({ table, sequence }: TableNames): string {
  const own = (record: string): string => `(${record}.state = 1 AND ${record}.owner = $3::text)`;
  const over = (record: string): string => `${record}.retention_end <= ${NOW}`;
  const isOwn = `${own('r')} AND NOT ${over('r')}`;
  const free = (record: string): string =>
    `(${over(record)} OR ${record}.state = 3 OR ${own(record)}
      OR (${record}.state = 1 AND ${record}.lease_end <= ${NOW} AND NOT ${differs(record)}))`;
  const next = `nextval('${sequence.replaceAll("'", "''")}')`;
  return `WITH ${bounded(6)},
found AS MATERIALIZED (
  SELECT r.*, ${free('r')} AS is_free, ${isOwn} AS is_own FROM ${table} r WHERE r.key = $1
),
claimed AS (
  INSERT INTO ${table} AS r (${RECORD_COLUMNS})
  SELECT $1::bytea, 1, 'claimed', $2::text, $3::text,
    coalesce((SELECT fence FROM found WHERE is_own), ${next}),
    coalesce((SELECT attempts FROM found WHERE is_own), 1),
    coalesce((SELECT recovered FROM found WHERE is_own), false),
    ${later(4)}, ${later(5)}, ${NOW}
  FROM limits WHERE NOT EXISTS (SELECT 1 FROM found WHERE NOT is_free)
  ON CONFLICT (key) DO UPDATE SET
    state = 1,
    last_step = CASE WHEN ${over('r')} OR r.state = 3 THEN 'claimed'
      WHEN ${own('r')} THEN 'sent-again' ELSE 'taken-over' END,
    fingerprint = CASE WHEN ${isOwn} THEN r.fingerprint ELSE excluded.fingerprint END,
    owner = excluded.owner,
    fence = CASE WHEN ${isOwn} THEN r.fence
      ELSE greatest(${next}, r.fence + 1) END,
    attempts = CASE WHEN ${over('r')} THEN 1 WHEN ${own('r')} THEN r.attempts ELSE r.attempts + 1 END,
    recovered = CASE WHEN ${over('r')} THEN false WHEN r.state = 3 OR ${own('r')} THEN r.recovered ELSE true END,
    lease_end = ${later(4)}, retention_end = ${later(5)},
    outcome_kind = NULL, metadata = NULL, body = NULL, completed_at = NULL,
    created_at = CASE WHEN ${over('r')} THEN ${NOW} ELSE r.created_at END
  WHERE ${free('r')}
  RETURNING r.fence, r.attempts, r.recovered, r.last_step, r.lease_end
)
SELECT 'acquired' AS kind, 1 AS state, fence::text, attempts, recovered, last_step = 'taken-over' AS took_over,
  ${left('lease_end')} AS lease_left, NULL::text AS outcome_kind, NULL::bytea AS metadata, NULL::bytea AS body,
  false AS compared
FROM claimed
UNION ALL
SELECT CASE WHEN ${differs('found')} THEN 'mismatch' WHEN state = 2 THEN 'completed' ELSE 'busy' END, state, fence::text,
  attempts, recovered, false, ${left('lease_end')}, outcome_kind,
  CASE WHEN NOT ${differs('found')} THEN metadata END, CASE WHEN NOT ${differs('found')} THEN body END,
  ${comparable('fingerprint')}
FROM found WHERE NOT is_free`;
}
