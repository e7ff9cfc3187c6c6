export type { IoRedisLike, NodeRedisLike, RedisClientLike } from './redis-clients.js';
export { RedisIdempotencyStore } from './redis-idempotency.store.js';
export { REDIS_STORE_DEFAULTS } from './redis.options.js';
export type { RedisIdempotencyStoreOptions, ReplicaWait } from './redis.options.js';
