import type { FallbackFilter, FallbackHandler } from '../../policies/fallback/index.js';
import { type PolicyDecorator, policyDecorator } from './policy-decorator.js';

/**
 * Answers when everything else has failed: by default for failures of the dependency and for this library's own
 * refusals and timeouts, never for a bug, a permanent client error or an idempotency error.
 *
 * @param handler a method of the same class, a function, `{ value }`, `{ lastGood }` or `{ use: Token }`
 * @param filter for which failures, where the handler is a method name or a function
 */
export function Fallback(handler: FallbackHandler, filter?: FallbackFilter): PolicyDecorator {
  return policyDecorator({ decorator: 'Fallback', policy: 'fallback', options: { handler, filter } });
}
