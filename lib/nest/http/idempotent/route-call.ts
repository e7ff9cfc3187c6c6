import type { Scope } from '../../../core/scope.js';
import { ClaimedCall, type GuardedCall, leavingCaller, type LiveClaim } from '../../../pipeline/index.js';
import { Deferred, type OuterCall, RepeatedOutcome, UNGUARDED } from '../../../pipeline/index.js';
import type { IdempotencyRule } from '../../../policies/idempotency/index.js';
import { isResilienceError } from '../../../core/errors.js';
import { IdempotencyInFlightError } from '../../../policies/idempotency/index.js';
import { toHttpException } from '../to-http-exception.js';
import { type Exchange, headersOf } from './exchange.js';
import { HeldResponse } from './held-response.js';
import {
  type CapturedRoute,
  type HowAnswered,
  type Replay,
  RouteCapture,
  type RouteRun,
} from './route-capture.js';
import { writeInstead, writeRaw, writeReplay } from './write-answer.js';

/** What goes on after the guards: the route, or nothing since the request was answered. */
type GoOn = (outer: OuterCall) => void;

/** How long an answer may be on its way to a client that is gone, after the method has ended. */
const LOST_AFTER_MS = 1_000;

/** One request of a guarded route, from its claim to its answer. */
export class RouteCall {
  private readonly answered = new Deferred<HowAnswered>();
  private readonly capture: RouteCapture;
  private started: { readonly held: HeldResponse; readonly claimed: ClaimedCall } | undefined;
  private statusAtEnd: number | undefined;
  private headersBefore: ReturnType<typeof headersOf> = {};

  constructor(
    private readonly route: CapturedRoute & { isInside(outer: OuterCall): boolean },
    private readonly exchange: Exchange,
    private readonly key: string,
    private readonly rule: IdempotencyRule,
  ) {
    this.capture = new RouteCapture(route, () => this.run);
  }

  /** Resolves when the route may go on; stays open where the request is answered. @throws the refusal */
  admit(): Promise<OuterCall> {
    return new Promise((resolve, reject) => {
      const caller = this.caller();
      const work = this.route.method.runner.run(this.guardedCall(caller.scope, resolve));
      work
        .then(
          (answer) => this.conclude(answer, resolve),
          (error: unknown) => (this.started === undefined ? reject(error) : this.refuseLate(error)),
        )
        .then(caller.leave, (error: unknown) => {
          reject(error);
          // What was to be given in the place of a held answer cannot be given.
          if (this.started !== undefined) this.exchange.raw.destroy();
        });
    });
  }

  private get run(): RouteRun | undefined {
    const { started, statusAtEnd } = this;
    const how = this.answered.settled?.value;
    return started === undefined || how === undefined ? undefined : { ...started, how, statusAtEnd };
  }

  private guardedCall(caller: Scope, goOn: GoOn): GuardedCall {
    const { method } = this.route;
    const { onInFlight, maxWaitDurationMs, onStoreDown } = method.options;
    return {
      operation: method.operation,
      key: this.key,
      rule: this.rule,
      onInFlight,
      maxWaitDurationMs,
      onStoreDown,
      caller,
      capture: this.capture,
      execute: (live) => this.execute(live, goOn),
      executeUnguarded: async () => goOn(UNGUARDED),
    };
  }

  /** A client that leaves while it waits for another's answer is let go; an owner goes on without it. */
  private caller(): { readonly scope: Scope; readonly leave: () => void } {
    const { runner, operation } = this.route.method;
    const { clock } = runner.environment;
    const { raw } = this.exchange;
    const scope = leavingCaller({ operation, args: [], clock, startedMs: clock.nowMs(), isUnsafe: false });
    const onClose = (): void => {
      if (this.started !== undefined || raw.writableFinished) return;
      scope.cancellation.cancel(new Error(`${operation}: the client is gone`), 'caller');
    };
    raw.once('close', onClose);
    return { scope, leave: () => raw.off('close', onClose) };
  }

  private execute(live: LiveClaim, goOn: GoOn): Promise<unknown> {
    const { method, isInside } = this.route;
    const { raw } = this.exchange;
    const { operation, runner, options } = method;
    const { alreadyDone, maxStoredBytes } = options;
    const { storedKey } = this.rule;
    const ended = (): void => this.methodEnded();
    const claimed = new ClaimedCall({ operation, storedKey, runner, live, alreadyDone, ended });
    this.headersBefore = headersOf(this.exchange);
    const held = new HeldResponse(
      raw,
      maxStoredBytes,
      () => isInside(claimed),
      (how) => this.answered.resolve(how),
    );
    this.started = { held, claimed };
    raw.once('close', () => void this.clientGone(claimed));
    // Its method must not begin any more: whoever waits in a pipe does not keep the key.
    live.cancellation.onCancel(() => {
      if (!live.isEntered) this.answered.resolve('lost');
    });
    goOn(claimed);
    return this.answered.promise;
  }

  /** A status that stands there by now is the method's own word, unless somebody has answered in its place. */
  private methodEnded(): void {
    const isOpen = this.started?.held.head === undefined || this.route.writesItself;
    this.statusAtEnd = isOpen ? this.exchange.raw.statusCode : undefined;
  }

  /** The work goes on to its end; an answer that nobody writes any more is not waited for. */
  private async clientGone(claimed: ClaimedCall): Promise<void> {
    if (this.answered.settled !== undefined) return;
    await claimed.inner.promise;
    const { clock } = this.route.method.runner.environment;
    const timer = clock.schedule(LOST_AFTER_MS, () => this.answered.resolve('lost'), { idle: true });
    void this.answered.promise.then(() => timer.cancel());
  }

  /** The guarded call has its outcome: the request is answered, or goes on with it in the method's place. */
  private async conclude(answer: unknown, goOn: GoOn): Promise<void> {
    const { started } = this;
    if (isReplay(answer)) return started === undefined ? this.replay(answer, goOn) : this.replayLate(answer);
    if (answer === undefined) return;
    started?.held.release();
  }

  private async replay(replay: Replay, goOn: GoOn): Promise<void> {
    if (replay.kind === 'wire') return writeReplay(this.exchange, replay.answer, this.route.replayed);
    goOn(new RepeatedOutcome(replay.give));
  }

  /** Another owner has taken the key over: its answer leaves in the place of ours. */
  private async replayLate(replay: Replay): Promise<void> {
    if (replay.kind !== 'wire') {
      // A value goes through the route, and this request has been there: the next one gets it.
      const { operation } = this.route.method;
      return this.refuseLate(new IdempotencyInFlightError({ operation, retryAfterMs: 1, superseded: true }));
    }
    this.started?.held.discard();
    await writeInstead(this.exchange, replay.answer, this.headersBefore, this.route.replayed);
  }

  /** Nothing that the route wrote may leave. */
  private refuseLate(error: unknown): void {
    const { started, exchange, headersBefore } = this;
    if (!isResilienceError(error)) return started?.held.release();
    started?.held.discard();
    const { body, headers } = toHttpException(error);
    const json = { ...headers, 'Content-Type': 'application/json; charset=utf-8' };
    const bytes = Buffer.from(JSON.stringify(body));
    writeRaw(exchange.raw, { status: body.statusCode, headers: { ...headersBefore, ...json }, body: bytes });
  }
}

function isReplay(answer: unknown): answer is Replay {
  return typeof answer === 'object' && answer !== null && 'kind' in answer;
}
