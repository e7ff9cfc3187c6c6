import type { CallContext as CallContextFacts } from '../../core/index.js';
import { recordContextParameter } from '../method-plan.js';

/** What a method may know about the call it runs in: attempt, signal, time left. */
export type CallContext = CallContextFacts;

/**
 * Fills the parameter with the call context of the running execution, in every attempt anew, whatever
 * the caller put there.
 */
export function CallContext(): ParameterDecorator {
  return (target, member, index) => {
    if (member !== undefined) recordContextParameter(target, member, index);
  };
}
