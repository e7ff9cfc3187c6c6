import {
  type GuardedPlace,
  refuseHeaderKey,
  refuseOwnAnswer,
  refuseRequest,
  refuseUncompared,
  refusedStream,
} from '../../pipeline/index.js';
import {
  checkPlacement,
  type IdempotencySubject,
  type ResolvedIdempotentOptions,
} from '../../policies/idempotency/index.js';
import type { AnyMethod, MethodPlan } from '../method-plan.js';
import { declaredKind, streamKind } from '../runtime/method-kind.js';
import { filledParametersOf, type HandlerKind, handlerKindOf } from './handler-kind.js';
import { payloadOf } from './payload.js';
import { reviveError } from './revive-error.js';

// Numbers of Nest's parameter decorators on route handlers.
const [REQUEST, RESPONSE, NEXT] = [0, 1, 2];

/** What is known of a guarded method where it stands. */
export function guardedPlaceOf(plan: MethodPlan, operation: string): GuardedPlace {
  const handler = handlerKindOf(plan);
  return {
    // The plan itself: two guards around one method would refuse each other's calls.
    identity: plan,
    reviveError,
    payloadOf: payloadOf(plan, handler),
    subjectOf: handler === undefined ? undefined : (args) => withoutRequest(operation, args),
    check: (options) => checkPlace(plan, operation, handler, options),
  };
}

function checkPlace(
  plan: MethodPlan,
  operation: string,
  handler: HandlerKind | undefined,
  options: ResolvedIdempotentOptions,
): void {
  const isRouteHandler = handler === 'http' || handler === 'sse';
  if (isRouteHandler && handler !== 'sse' && options.key === undefined) refuseHeaderKey(operation);
  checkPlacement({ operation, isRouteHandler, isEndless: handler === 'sse' }, options);
  if (isStream(plan)) throw refusedStream(operation);
  if (isRouteHandler) checkParameters(plan, operation, options);
}

/** What is known by now; what only the first call shows is refused by {@link promiseOnly}. */
function isStream(plan: MethodPlan): boolean {
  const kind = plan.kind ?? declaredKind(plan);
  return kind === 'observable' || kind === 'iterable';
}

function checkParameters(plan: MethodPlan, operation: string, options: ResolvedIdempotentOptions): void {
  const parameters = filledParametersOf(plan) ?? [];
  const writesItself = parameters.some(
    ({ type, data }) => type === NEXT || (type === RESPONSE && !isPassthrough(data)),
  );
  if (writesItself) refuseOwnAnswer(operation);
  const readsRequest = parameters.some(({ type }) => type === REQUEST);
  if (readsRequest && options.fingerprint === undefined) refuseUncompared(operation);
}

function isPassthrough(data: unknown): boolean {
  return typeof data === 'object' && data !== null && 'passthrough' in data && data.passthrough === true;
}

function withoutRequest(operation: string, args: readonly unknown[]): IdempotencySubject {
  return {
    args,
    get request(): never {
      return refuseRequest(operation, 'request');
    },
    get executionContext(): never {
      return refuseRequest(operation, 'executionContext');
    },
  };
}

/** The method, refusing a stream that nothing had told of; nobody has subscribed to it. */
export function promiseOnly(plan: MethodPlan, operation: string): AnyMethod {
  const { inner } = plan;
  return function (this: unknown, ...args: unknown[]): unknown {
    const result: unknown = Reflect.apply(inner, this, args);
    const kind = streamKind(result);
    if (kind === undefined) return result;
    plan.kind = kind;
    throw refusedStream(operation);
  } as AnyMethod;
}
