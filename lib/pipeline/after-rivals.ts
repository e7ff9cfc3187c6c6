import { afterConsequences } from '../core/clock.js';
import type { Scope } from '../core/scope.js';

/**
 * Carries on with a turn that has come. Where other attempts run beside this one, what made its place free may be one
 * that has just succeeded: it is heard first, so that a loser that still waits never starts.
 */
export function afterRivals(scope: Scope, carryOn: () => void): void {
  if (scope.hasRivals) afterConsequences(carryOn);
  else carryOn();
}
