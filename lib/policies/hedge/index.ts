export { HEDGE_DEFAULTS, resolveHedgeOptions } from './hedge.options.js';
export type { HedgeOptions, HedgePercentile, ResolvedHedgeOptions } from './hedge.options.js';
export { HedgeRun } from './hedge-run.js';
export type { HedgeDecision, HedgeRuleParts } from './hedge-run.js';
export { HedgeRule } from './hedge.rule.js';
