import {
  type EngineIdempotency,
  type GuardedPlace,
  refuseOwnAnswer,
  refusedStream,
  type Surroundings,
} from '../../pipeline/index.js';
import { OptionCheck } from '../../core/check.js';
import {
  checkPlacement,
  IDEMPOTENT,
  type IdempotencySubject,
  type ResolvedIdempotentOptions,
} from '../../policies/idempotency/index.js';
import { besidesOf } from '../http/idempotent/besides.js';
import { replayedHeaders } from '../http/idempotent/wire-answer.js';
import { requestFingerprint } from '../http/idempotent/request-fingerprint.js';
import type { AnyMethod, MethodPlan } from '../method-plan.js';
import { streamKind } from '../runtime/method-kind.js';
import { filledParametersOf, type HandlerKind, handlerKindOf } from './handler-kind.js';
import { payloadOf } from './payload.js';
import { reviveError } from './revive-error.js';

// Numbers of Nest's parameter decorators on route handlers.
const [RESPONSE, NEXT] = [1, 2];
/** By the text that Nest writes for `@Res({ passthrough: true })`. */
const PASSTHROUGH = '__responsePassthrough__';

/** What is known of a guarded method where it stands. */
export function guardedPlaceOf(
  plan: MethodPlan,
  operation: string,
  { outerCalls: calls, settings }: EngineIdempotency,
): GuardedPlace {
  const handler = handlerKindOf(plan);
  const answered = (): Surroundings | undefined => calls.of(plan);
  return {
    // The plan itself: two guards around one method would refuse each other's calls.
    identity: plan,
    reviveError,
    payloadOf: payloadOf(plan, handler),
    givesStream: () => givesStream(plan),
    check: (options) => checkPlace(plan, operation, handler, options),
    ...(handler !== undefined && {
      subjectOf: (args: readonly unknown[]) => subjectOf(operation, args, answered()),
    }),
    ...(handler === 'http' && {
      fingerprintOf: () => fingerprintOf(operation, answered()),
      outerCall: () => answered()?.outer,
      besides: besidesOf(answered, replayedHeaders(settings.replayHeaders)),
    }),
  };
}

function fingerprintOf(operation: string, answered: Surroundings | undefined): string | undefined {
  return answered && requestFingerprint(operation, answered.request).fingerprint;
}

/** What is not there is refused when it is read: a key must not belong to `undefined`. */
function subjectOf(
  operation: string,
  args: readonly unknown[],
  answered: Surroundings | undefined,
): IdempotencySubject {
  return {
    args,
    get request() {
      return answered?.request ?? refuseRequest(operation, 'request');
    },
    get executionContext() {
      return answered?.executionContext ?? refuseRequest(operation, 'executionContext');
    },
  };
}

function refuseRequest(operation: string, field: 'request' | 'executionContext'): never {
  const expected = `or \`fingerprint\` reads \`${field}\`, which is not there: no HTTP request is answered`;
  return new OptionCheck(IDEMPOTENT, operation).refuse('scope', undefined, expected);
}

function checkPlace(
  plan: MethodPlan,
  operation: string,
  handler: HandlerKind | undefined,
  options: ResolvedIdempotentOptions,
): void {
  const isRouteHandler = handler === 'http' || handler === 'sse';
  checkPlacement({ operation, isRouteHandler, isEndless: handler === 'sse' }, options);
  if (isRouteHandler && options.key !== undefined && writesItself(plan)) refuseOwnAnswer(operation);
}

/** Whether a handler writes its answer itself, as Nest decides it: by what its parameters ask for. */
export function writesItself(plan: MethodPlan): boolean {
  return hasResponse(plan) && Reflect.getMetadata(PASSTHROUGH, plan.ownerClass, plan.member) !== true;
}

/** Whether a handler asks for the response, or for who answers after it. */
export function hasResponse(plan: MethodPlan): boolean {
  const parameters = filledParametersOf(plan) ?? [];
  return parameters.some(({ type }) => type === NEXT || type === RESPONSE);
}

/** The method, refusing a stream that nothing had told of; nobody has subscribed to it. */
export function knownStreamOnly(plan: MethodPlan, operation: string): AnyMethod {
  const { inner } = plan;
  let isRefused = false;
  return function (this: unknown, ...args: unknown[]): unknown {
    if (isRefused) throw refusedStream(operation);
    const result: unknown = Reflect.apply(inner, this, args);
    const kind = streamKind(result);
    if (kind === undefined || givesStream(plan)) return result;
    // From now on its callers are refused in the form that they expect, and it does not run.
    isRefused = true;
    plan.kind = kind;
    throw refusedStream(operation);
  } as AnyMethod;
}

function givesStream({ kind }: MethodPlan): boolean {
  return kind === 'observable' || kind === 'iterable';
}
