import type { Environment } from '../core/environment.js';
import type { Admission, Gate, Permit } from '../core/rule.js';
import { Refusal, Turn } from '../core/rule.js';
import type { Scope } from '../core/scope.js';
import type { FallbackRule } from '../policies/fallback/index.js';
import type { RetryRule } from '../policies/retry/index.js';
import type { CallRecord } from './call-record.js';
import { delay } from './delay.js';
import { HeldPermit } from './held-permit.js';

/** What stands inside a layer: the next layer, or the method. */
export type PromiseNext = (scope: Scope, record: CallRecord) => Promise<unknown>;

/** How the values that pass through a composition are to be understood. */
export interface ValueView {
  /** The value that the rules judge. */
  judged(value: unknown): unknown;
  /** What becomes of the permit whose call has produced a value. */
  settle(held: HeldPermit, value: unknown): void;
  /** A value that another attempt takes the place of. */
  discard(value: unknown): void;
  /** What the rules keep of a success, if they keep anything. */
  remember(rule: FallbackRule, scope: Scope, value: unknown): void;
  /** The answer of a fallback in the form of the method's own. */
  answered(value: unknown): unknown;
}

/** Of methods that give a promise: the value is the outcome. */
export const PLAIN_VALUES: ValueView = {
  judged: (value) => value,
  settle: (held, value) => held.succeeded(value),
  discard: () => undefined,
  remember: (rule, scope, value) => rule.remember(scope.args, value),
  answered: (value) => value,
};

/** Waits for the gate's word where it did not answer at once. @throws the gate's refusal */
async function awaitPermit(admission: Admission, gate: Gate, scope: Scope): Promise<Permit> {
  if (admission instanceof Refusal) throw admission.error;
  if (!(admission instanceof Turn)) return admission;
  const answer = await awaitTurn(admission, scope);
  if (answer instanceof Refusal) throw answer.error;
  if (!scope.isCancelled) return answer;
  // The turn came, and the caller left, in one and the same moment: who left must not run.
  gate.cancelled(answer);
  throw scope.cancellation.reason;
}

function awaitTurn(turn: Turn, scope: Scope): Promise<Permit | Refusal> {
  return new Promise((resolve, reject) => {
    const stopWatching = scope.cancellation.onCancel((reason) => {
      turn.leave();
      reject(reason);
    });
    if (scope.isCancelled) return;
    turn.onTurn((answer) => {
      stopWatching();
      resolve(answer);
    });
  });
}

/** Asks the gate, and tells it what became of the call. */
export function gateLayer(gate: Gate, step: number, next: PromiseNext, view = PLAIN_VALUES): PromiseNext {
  return async (scope, record) => {
    const admission = record.admission(step) ?? gate.admit(scope);
    const permit = typeof admission === 'number' ? admission : await awaitPermit(admission, gate, scope);
    const held = new HeldPermit(gate, permit, scope);
    try {
      const value = await next(scope, record);
      view.settle(held, value);
      return value;
    } catch (error) {
      held.failed(error);
      throw error;
    }
  };
}

/** Ends the waiting for an attempt when a time limit around the retrying has passed; the attempt goes on alone. */
function untilLimit(work: Promise<unknown>, scope: Scope): Promise<unknown> {
  if (!scope.isLimited) return work;
  return new Promise((resolve, reject) => {
    const stopWatching = scope.cancellation.onCancel((reason, origin) => {
      if (origin === 'limit') reject(reason);
    });
    void work.then(resolve, reject).then(stopWatching);
  });
}

/** Calls again what stands inside, as long as the rule says so. */
export function retryLayer(
  rule: RetryRule,
  environment: Environment,
  next: PromiseNext,
  view = PLAIN_VALUES,
): PromiseNext {
  return async (scope, record) => {
    const run = rule.begin(scope);
    for (;;) {
      record.beginAttempt(run.attempt);
      const attempt = scope.inner(run.attempt);
      const outcome = await untilLimit(next(attempt, record), scope).then(
        (value) => ({ value, decision: run.decideValue(view.judged(value), attempt), conclude: () => value }),
        (error: unknown) => ({ decision: run.decideError(error, attempt), conclude: () => rethrow(error) }),
      );
      attempt.close();
      if (outcome.decision.kind === 'done') return outcome.conclude();
      const end = await delay(scope, outcome.decision.delayMs, environment);
      if (end !== 'elapsed') run.delayEnded(end);
      if (end === 'aborted') throw scope.cancellation.reason;
      if (end === 'shutdown') return outcome.conclude();
      if ('value' in outcome) view.discard(outcome.value);
      run.nextAttempt();
    }
  };
}

function rethrow(error: unknown): never {
  throw error;
}

/** Answers in the place of a failure, where the rule says so. */
export function fallbackLayer(rule: FallbackRule, next: PromiseNext, view = PLAIN_VALUES): PromiseNext {
  return async (scope, record) => {
    try {
      const value = await next(scope, record);
      view.remember(rule, scope, value);
      return value;
    } catch (error) {
      const answer = rule.answersFor(error, scope) ? rule.answer(error, scope, record.self) : undefined;
      if (answer === undefined) throw error;
      const value = await view.answered(await answer.value);
      rule.served(error, scope, answer.source);
      return value;
    }
  };
}
