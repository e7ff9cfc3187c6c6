import { OptionCheck } from '../../core/index.js';
import { EVENT_KINDS } from '../resilience.logger-facts.js';
import { checkLogger } from '../resilience.logger.options.js';
import type { ResilienceModuleOptions } from '../resilience.options.js';

/** Every option of the module, those of the testing door included. */
const KNOWN: Readonly<Record<keyof ResilienceModuleOptions | 'isGlobal' | 'forcedBreakers', true>> = {
  enabled: true,
  defaults: true,
  retries: true,
  circuitBreakers: true,
  bulkheads: true,
  rateLimiters: true,
  retryBudget: true,
  retryBudgets: true,
  overrides: true,
  idempotency: true,
  alerts: true,
  httpErrors: true,
  logger: true,
  clock: true,
  isGlobal: true,
  forcedBreakers: true,
};

/**
 * Checked before anything is made of them. A misspelt option would silently be without effect, and so would a switch that is neither on nor off.
 *
 * @throws {InvalidOptionsError} naming the option, its value and what would be right
 */
export function checkModuleOptions(options: ResilienceModuleOptions): void {
  const check = new OptionCheck('resilience', 'ResilienceModule');
  check.onlyKnown(options, Object.keys(KNOWN));
  if (options.httpErrors !== undefined) check.flag('httpErrors', options.httpErrors);
  if (options.logger !== undefined) checkLogger(check, options.logger, EVENT_KINDS);
}
