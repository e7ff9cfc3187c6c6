import type { Environment } from '../core/environment.js';
import type { Gate, Permit } from '../core/rule.js';
import { Refusal, Turn } from '../core/rule.js';
import type { Scope } from '../core/scope.js';
import type { FallbackRule } from '../policies/fallback/index.js';
import { callersError, type RetryDecision, type RetryRule, type RetryRun } from '../policies/retry/index.js';
import { afterRivals } from './after-rivals.js';
import type { CallRecord } from './call-record.js';
import { HeldPermit } from './held-permit.js';
import { pause } from './pause.js';
import type { ValueMemory } from './value-log.js';

const DONE: RetryDecision = { kind: 'done' };

/** What stands inside a layer: the next layer, or the method. */
export type PromiseNext = (scope: Scope, record: CallRecord) => Promise<unknown>;

/** How the values that pass through a composition are to be understood. */
export interface ValueView {
  /** The value that the rules judge. */
  judged(value: unknown): unknown;
  /** What becomes of the permit whose call has produced a value. */
  settle(held: HeldPermit, value: unknown): void;
  /** Lets go of a value that another attempt may take the place of; answers what is left should none do so. */
  setAside(value: unknown): unknown;
  /** A value that came when nobody waited for it any more. */
  lost(value: unknown): void;
  /** What the rules keep of a success, if they keep anything. */
  remember(memory: ValueMemory, scope: Scope, value: unknown): void;
  /** The answer of a fallback in the form of the method's own. */
  answered(value: unknown): unknown;
  /** Whether nobody waits for a first value any more: then nothing is recorded of its failure. */
  isLeft(scope: Scope): boolean;
  /** A retried attempt has given a value that the rule takes for good. */
  arrived(run: RetryRun, attempt: Scope, value: unknown): void;
  /** The work of a scope has given a value: the scope is closed now, or when the value has ended. */
  close(scope: Scope, value: unknown): void;
}

/** Of methods that give a promise: the value is the outcome. */
export const PLAIN_VALUES: ValueView = {
  judged: (value) => value,
  settle: (held, value) => held.succeeded(value),
  setAside: (value) => value,
  lost: () => undefined,
  remember: (memory, scope, value) => memory.remember(scope, value),
  answered: (value) => value,
  isLeft: () => false,
  arrived: (run, attempt) => run.succeeded(attempt),
  close: (scope) => scope.close(),
};

function awaitTurn(turn: Turn, scope: Scope): Promise<Permit | Refusal> {
  return new Promise((resolve, reject) => {
    const stopWatching = scope.cancellation.onCancel((reason) => {
      turn.leave();
      reject(reason);
    });
    if (scope.isCancelled) return;
    turn.onTurn((answer) => {
      stopWatching();
      afterRivals(scope, () => resolve(answer));
    });
  });
}

/** Asks the gate, and tells it what became of the call. */
export function gateLayer(gate: Gate, step: number, next: PromiseNext, view = PLAIN_VALUES): PromiseNext {
  return async (scope, record) => {
    let admission = record.admission(step) ?? gate.admit(scope);
    if (admission instanceof Turn) admission = notTooLate(gate, await awaitTurn(admission, scope), scope);
    if (admission instanceof Refusal) throw admission.error;
    const held = new HeldPermit(gate, admission, scope);
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

/** The turn came, and the caller left, in one and the same moment: who left must not run. */
function notTooLate(gate: Gate, answer: Permit | Refusal, scope: Scope): Permit | Refusal {
  if (answer instanceof Refusal || !scope.isCancelled) return answer;
  gate.cancelled(answer);
  return new Refusal(scope.cancellation.reason);
}

/** Ends the waiting for an attempt when a time limit around the retrying has passed; the attempt goes on alone. */
function untilLimit(work: Promise<unknown>, scope: Scope, view: ValueView): Promise<unknown> {
  if (!scope.isLimited) return work;
  return new Promise((resolve, reject) => {
    let isOver = false;
    const stopWatching = scope.cancellation.onCancel((reason, origin) => {
      if (origin !== 'limit') return;
      isOver = true;
      reject(reason);
    });
    const arrived = (value: unknown): void => (isOver ? view.lost(value) : resolve(value));
    void work.then(arrived, reject).then(stopWatching);
  });
}

/** What an attempt has come to, and what the caller gets of it should no other follow. */
interface AttemptEnd {
  readonly decision: RetryDecision;
  conclude(): unknown;
}

function endOfValue(run: RetryRun, attempt: Scope, value: unknown, view: ValueView): AttemptEnd {
  const decision = run.judgeValue(view.judged(value), attempt);
  if (decision === undefined) view.arrived(run, attempt, value);
  view.close(attempt, value);
  if (decision?.kind !== 'again') return { decision: DONE, conclude: () => value };
  const rest = view.setAside(value);
  return { decision, conclude: () => rest };
}

function endOfError(run: RetryRun, attempt: Scope, error: unknown, view: ValueView): AttemptEnd {
  const conclude = (): never => {
    throw callersError(error);
  };
  const decision = view.isLeft(attempt) ? DONE : run.decideError(error, attempt);
  attempt.close();
  return { decision, conclude };
}

/** Calls again what stands inside, as long as the rule says so. */
export function retryLayer(
  rule: RetryRule,
  environment: Environment,
  next: PromiseNext,
  view = PLAIN_VALUES,
): PromiseNext {
  return async (scope, record) => {
    const run = rule.begin(scope, record.beganMs(environment.clock.nowMs()));
    for (;;) {
      record.beginAttempt(run.attempt);
      const attempt = scope.inner(run.attempt);
      // Whoever made the first attempt before has told of it.
      if (!record.isBegun) run.begins(attempt);
      const { decision, conclude } = await untilLimit(next(attempt, record), scope, view).then(
        (value) => endOfValue(run, attempt, value, view),
        (error: unknown) => endOfError(run, attempt, error, view),
      );
      if (decision.kind === 'done') return conclude();
      const end = await pause({ run, delayMs: decision.delayMs, scope, environment });
      if (end === 'rest') return conclude();
      if (end !== 'next') throw end.error;
    }
  };
}

/** Answers in the place of a failure, where the rule says so and somebody waits for it. */
export function fallbackLayer(
  rule: FallbackRule,
  memory: ValueMemory,
  next: PromiseNext,
  view = PLAIN_VALUES,
): PromiseNext {
  return async (scope, record) => {
    try {
      const value = await next(scope, record);
      view.remember(memory, scope, value);
      return value;
    } catch (error) {
      const isAnswered = !scope.isCancelled && rule.answersFor(error, scope);
      const answer = isAnswered ? rule.answer(error, scope, record.self) : undefined;
      if (answer === undefined) throw error;
      const value = await view.answered(await answer.value);
      record.claim?.fellBack(error);
      record.isAnswered = true;
      rule.served(error, scope, answer.source);
      return value;
    }
  };
}
