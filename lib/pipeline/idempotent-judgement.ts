import { isResilienceError } from '../core/errors.js';
import type { EventSink } from '../core/events.js';
import type { Outcome } from '../policies/idempotency/index.js';
import type { GuardedCall, OutcomeCapture, Settled } from './idempotent-call.js';
import type { LiveClaim } from './idempotent-claim.js';

const TIMEOUT = 'RESILIENCE_TIMEOUT_EXCEEDED';

/** The outcome that the record follows; `undefined` where there is none; or it is not known yet. */
export function judgedOutcome(
  { capture, rule }: GuardedCall,
  live: LiveClaim,
  settled: Settled,
  events: EventSink,
): Outcome | undefined | 'unknown' {
  if (!live.isEntered && !live.isAnsweredByLook) return undefined;
  const outcome = outcomeOf(capture, live, settled);
  if (outcome === 'unknown' || outcome.kind === 'value') return outcome;
  // A failure stands although executions that were given up still run; that of a policy of ours does not.
  const isOpen = live.isRunning && !live.isLost;
  if (isOpen && (isResilienceError(outcome.error) || !rule.isFinal(outcome, events))) return 'unknown';
  return inTime(outcome, live);
}

/** The value may have come in the very moment in which a time limit had answered. */
function inTime(outcome: Outcome, live: LiveClaim): Outcome {
  return isTimeout(outcome.error) ? (live.returned ?? outcome) : outcome;
}

function outcomeOf(capture: OutcomeCapture, live: LiveClaim, settled: Settled): Outcome | 'unknown' {
  const { answeredFailure } = live;
  if (answeredFailure !== undefined) return { kind: 'error', error: answeredFailure.error };
  return capture.outcomeOf(settled, live);
}

function isTimeout(error: unknown): boolean {
  return isResilienceError(error) && error.code === TIMEOUT;
}
