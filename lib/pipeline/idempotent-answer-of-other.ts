import {
  compareFingerprints,
  IdempotencyMismatchError,
  type RecordView,
} from '../policies/idempotency/index.js';
import { conclude, type Settled } from './idempotent-call.js';
import type { StoreCalls } from './idempotent-store-calls.js';
import type { OwnedCall } from './idempotent-surroundings.js';

/**
 * What was recorded in place of a run's own outcome; the run's own failure where a transaction of the method's, of
 * which nobody knows whether it committed, recorded no value.
 *
 * @throws where somebody else has the claim: of another payload, whose outcome is no answer to this one, or of the
 * same one and without outcome yet
 */
export async function answerOfOther(
  calls: StoreCalls,
  { call, answers }: Pick<OwnedCall, 'call' | 'answers'>,
  unsure?: Settled,
): Promise<unknown> {
  const { storedKey } = call.rule;
  const view = await calls.bounded((options) => calls.store.read(storedKey, options)).catch(() => undefined);
  const isOfOther = isOfOtherPayload(view, call.rule.fingerprint);
  const outcome = isOfOther ? undefined : view?.outcome;
  if (unsure !== undefined && outcome?.kind !== 'value') return conclude(unsure);
  // Not told of: the call is counted as the run that it was.
  if (isOfOther) throw new IdempotencyMismatchError(call.operation);
  if (outcome !== undefined) return call.capture.replay(outcome, storedKey);
  throw answers.superseded(view?.leaseLeftMs);
}

function isOfOtherPayload(view: RecordView | undefined, fingerprint: string): boolean {
  return view?.fingerprint !== undefined && compareFingerprints(view.fingerprint, fingerprint) === 'other';
}
