import type { Duration } from '../../core/index.js';
import type { TimeLimiterOptions } from '../../policies/time-limiter/index.js';
import type { MethodPlan } from '../method-plan.js';
import { type PolicyDecorator, reportTwice } from './policy-decorator.js';
import { wrapMethod } from './wrap-method.js';

/**
 * Stops waiting: the caller gets `TimeoutExceededError` at the limit, and the signal in `CallContext` aborts. A
 * method may have two of them, one for each limit.
 *
 * @param options the limits, or the limit of one attempt
 */
export function TimeLimiter(options: TimeLimiterOptions | Duration): PolicyDecorator {
  const limits = typeof options === 'object' && options !== null ? options : { attemptTimeout: options };
  return (target, member, descriptor) => add(wrapMethod('TimeLimiter', target, member, descriptor), limits);
}

/** Two decorators that each give another half are one policy. */
function add(plan: MethodPlan, limits: TimeLimiterOptions): void {
  const { timeLimiter } = plan.policies;
  const known: TimeLimiterOptions = typeof timeLimiter === 'object' ? timeLimiter : {};
  const fields = Object.keys(limits) as (keyof TimeLimiterOptions)[];
  if (fields.some((field) => known[field] !== undefined)) return reportTwice(plan, 'TimeLimiter');
  plan.policies.timeLimiter = { ...known, ...limits };
}
