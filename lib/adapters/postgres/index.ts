export type {
  PostgresConnection,
  PostgresPool,
  PostgresQueryable,
  PostgresResult,
} from './postgres-clients.js';
export { PostgresIdempotencyStore } from './postgres-idempotency.store.js';
export { createPostgresSchema, POSTGRES_TABLE_DEFAULTS, postgresSchemaSql } from './postgres-schema.js';
export type { PostgresTable } from './postgres-schema.js';
export type {
  ForeignTransactionOptions,
  IsolationLevel,
  OpenTransaction,
  TransactionOptions,
} from './postgres-transaction.js';
export { POSTGRES_STORE_DEFAULTS } from './postgres.options.js';
export type { PostgresIdempotencyStoreOptions } from './postgres.options.js';
