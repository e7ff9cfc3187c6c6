export { resolveChaosOptions } from './chaos.options.js';
export type { ChaosOptions, ResolvedChaosOptions } from './chaos.options.js';
export { ChaosRule } from './chaos.rule.js';
