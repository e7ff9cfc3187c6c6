export { resetDefaultRuntime } from '../nest/index.js';
export { EventRecorder } from './event-recorder.js';
export type { EventSource } from './event-recorder.js';
export { IDEMPOTENCY_STORE_CONTRACT } from './idempotency-store-contract.js';
export { ManualClock } from './manual-clock.js';
export type { ManualClockOptions } from './manual-clock.js';
export { ResilienceTestingModule } from './resilience-testing.module.js';
export type { ResilienceTestingOptions } from './resilience-testing.module.js';
export type { StoreContractCase, StoreContractWorld } from './store-contract-world.js';
