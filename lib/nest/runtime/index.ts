export { callPlan, servingRuntime } from './call-plan.js';
export { isDefaultRuntime, resetDefaultRuntime } from './default-runtime.js';
export { Dispatcher } from './dispatcher.js';
export { declaredKind } from './method-kind.js';
export { ResilienceRuntime } from './resilience-runtime.js';
export type { Feature } from './features.js';
export type { CompiledMethod, RuntimeSurroundings } from './resilience-runtime.js';
