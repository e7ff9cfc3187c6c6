import type { StepWord } from '../../pipeline/index.js';
import { type PolicyDecorator, policyDecorator } from './policy-decorator.js';

/**
 * States another order than the canonical one for this method, outermost first.
 *
 * @param order each step that the method has, exactly once
 */
export function PolicyOrder(...order: readonly StepWord[]): PolicyDecorator {
  return policyDecorator({ decorator: 'PolicyOrder', policy: 'order', options: order });
}
