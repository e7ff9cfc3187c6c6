SELECT pg_advisory_xact_lock(7234185020417365811);
CREATE SEQUENCE IF NOT EXISTS "public"."selfheal_idempotency_fence" AS bigint CACHE 1;
CREATE TABLE IF NOT EXISTS "public"."selfheal_idempotency" (
  key bytea PRIMARY KEY,
  state smallint NOT NULL, -- 1 in progress, 2 completed, 3 released
  last_step text NOT NULL, -- what was done to it last, as: claimed, taken-over, renewed, completed
  fingerprint text NOT NULL,
  owner text NOT NULL,
  fence bigint NOT NULL,
  attempts integer NOT NULL,
  recovered boolean NOT NULL,
  lease_end timestamptz NOT NULL,
  retention_end timestamptz NOT NULL,
  outcome_kind text,
  metadata bytea, -- UTF-8 text, in bytes because text holds no zero character
  body bytea,
  created_at timestamptz NOT NULL,
  completed_at timestamptz
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);
CREATE INDEX IF NOT EXISTS "selfheal_idempotency_retention" ON "public"."selfheal_idempotency" (retention_end);
