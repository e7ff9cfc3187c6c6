export {
  type FixedRetryBudgetOptions,
  type ProportionalRetryBudgetOptions,
  RETRY_BUDGET_DEFAULTS,
  type ResolvedRetryBudgetOptions,
  type RetryBudgetOptions,
  resolveRetryBudgetOptions,
} from './retry-budget.options.js';
export { RetryBudgetRule, type RetryBudgetSnapshot } from './retry-budget.rule.js';
