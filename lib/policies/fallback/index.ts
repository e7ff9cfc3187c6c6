export { LAST_GOOD_DEFAULTS, resolveFallbackOptions } from './fallback.options.js';
export type {
  FallbackFailure,
  FallbackFilter,
  FallbackFunction,
  FallbackHandler,
  FallbackToken,
  LastGoodFallback,
  LastGoodOptions,
  ProviderFallback,
  ResolvedFallbackForm,
  ResolvedFallbackOptions,
  ResolvedLastGoodOptions,
  ValueFallback,
} from './fallback.options.js';
export { FallbackRule } from './fallback.rule.js';
export type { FallbackAnswer, FallbackParts, FallbackSource } from './fallback.rule.js';
