import type { ExecutionContext } from '@nestjs/common';
import { type IdempotentMethod, type OuterCall, UNGUARDED } from '../../../pipeline/index.js';
import { type IdempotencySubject, readKeyHeader } from '../../../policies/idempotency/index.js';
import { hasResponse, writesItself } from '../../guarded/guarded-place.js';
import type { MethodPlan } from '../../method-plan.js';
import type { ResilienceRuntime } from '../../runtime/index.js';
import { type Exchange, exchangeOf, headerSent } from './exchange.js';
import { requestFingerprint } from './request-fingerprint.js';
import { type GoOn, RouteCall } from './route-call.js';
import type { CapturedRoute } from './route-capture.js';
import { replayedHeaders } from './wire-answer.js';

const KEY_HEADER = 'idempotency-key';

/** One handler of one application whose keys come with the header. */
export class GuardedRoute implements CapturedRoute {
  readonly writesItself: boolean;
  readonly hasResponse: boolean;
  readonly replayed: readonly string[];
  private hasWarned = false;

  constructor(
    private readonly runtime: ResilienceRuntime,
    private readonly plan: MethodPlan,
    readonly method: IdempotentMethod,
  ) {
    this.writesItself = writesItself(plan);
    this.hasResponse = hasResponse(plan);
    this.replayed = replayedHeaders(method.runner.settings.replayHeaders);
  }

  /** Known by the first call at the latest. */
  get givesStream(): boolean {
    return this.plan.kind === 'observable';
  }

  /** Whether the running code was started by the handler for this call. */
  readonly isInside = (outer: OuterCall): boolean =>
    this.runtime.engine.idempotency.outerCalls.isInside(outer);

  /** Says what the route may go on with, or why it may not; nothing where the request is answered instead. @throws the refusal */
  admit(context: ExecutionContext, goOn: GoOn, refuse: (error: unknown) => void): void {
    const { method } = this;
    const exchange = exchangeOf(context);
    const reading = readKeyHeader(headerSent(exchange, KEY_HEADER));
    const key = method.keyOf(reading, 'send the header Idempotency-Key');
    if (key === undefined) return goOn(UNGUARDED);
    const { request } = exchange;
    const subject: IdempotencySubject = { args: [], request, executionContext: context };
    const rule = method.ruleOf(key, subject, () => this.fingerprintOf(exchange));
    new RouteCall(this, exchange, key, rule).admit(goOn, refuse);
  }

  private fingerprintOf({ request, rawRequest }: Exchange): string {
    const { fingerprint, leftOut } = requestFingerprint(this.method.operation, request);
    if (leftOut !== undefined) this.warnOfBody(routeOf(rawRequest), leftOut);
    return fingerprint;
  }

  /** Told once: two requests that differ only in such a body are the same. */
  private warnOfBody(route: string, leftOut: string): void {
    if (this.hasWarned) return;
    this.hasWarned = true;
    const { method } = this;
    method.warn(
      `${method.operation} (${route}): the body ${leftOut}, so it is not compared when a key comes again: ` +
        'give a `fingerprint` function that picks what must be the same',
    );
  }
}

/** Without the query, which may hold what no log should. */
function routeOf({ method, url = '' }: Exchange['rawRequest']): string {
  return `${method} ${url.replace(/\?.*$/s, '')}`;
}
