import type { Clock } from '../../../core/clock.js';
import { type CallFacts, Scope } from '../../../core/scope.js';
import {
  ClaimedCall,
  Deferred,
  type OuterCall,
  RepeatedOutcome,
  UNGUARDED,
} from '../../../pipeline/index.js';
import type { GuardedCall, LiveClaim, Settled, Soon } from '../../../pipeline/index.js';
import type { IdempotencyRule } from '../../../policies/idempotency/index.js';
import { type HeldAnswer, refuseInstead, replayInstead } from './answer-instead.js';
import { saidOn } from './besides.js';
import { wholeOf } from './promised-stream.js';
import { type Exchange, hasLeft, headersOf } from './exchange.js';
import { HeldResponse } from './held-response.js';
import { giveUpLater } from './left-client.js';
import {
  type CapturedRoute,
  type HowAnswered,
  FAILING_STATUS,
  isReplay,
  RouteCapture,
  type RunOfRoute,
  type SaidAtEnd,
} from './route-capture.js';
import { writeReplay } from './write-answer.js';

/** What goes on after the guards: the route, or nothing since the request was answered. */
export type GoOn = (outer: OuterCall) => void;

/** One request of a guarded route, from its claim to its answer. */
export class RouteCall implements RunOfRoute, CallFacts {
  readonly args: readonly unknown[] = [];
  readonly isUnsafe = false;
  readonly attempts = 1;
  readonly startedMs: number;
  /** Set when the method has ended, by nobody else. */
  saidAtEnd: SaidAtEnd | undefined;
  private readonly answered = new Deferred<HowAnswered>();
  private readonly capture: RouteCapture;
  private readonly caller: Scope;
  private started: (HeldAnswer & { readonly claimed: ClaimedCall }) | undefined;
  private isOver = false;

  constructor(
    private readonly route: CapturedRoute & { isInside(outer: OuterCall): boolean },
    private readonly exchange: Exchange,
    private readonly key: string,
    private readonly rule: IdempotencyRule,
  ) {
    this.capture = new RouteCapture(route, this);
    this.startedMs = this.clock.nowMs();
    this.caller = new Scope(this, Number.POSITIVE_INFINITY);
  }

  /** Says what the route may go on with, or why it may not; nothing where the request is answered. */
  admit(goOn: GoOn, refuse: (error: unknown) => void): void {
    const { raw } = this.exchange;
    raw.on('close', () => this.closed());
    this.route.method.runner.run(this.guardedCall(goOn)).then(
      (answer) => {
        this.isOver = true;
        this.attempt(() => this.conclude(answer, goOn), refuse);
      },
      (error: unknown) => {
        this.isOver = true;
        const { started } = this;
        if (started !== undefined) this.attempt(() => refuseInstead(started, error), refuse);
        // Whoever has left is given no answer: one would only be told of as a failure.
        else if (!this.caller.isCancelled) refuse(error);
      },
    );
  }

  /** What was to be given in the place of a held answer may be what cannot be given. */
  private attempt(answer: () => Soon<void>, refuse: (error: unknown) => void): void {
    const fail = (error: unknown): void => {
      refuse(error);
      if (this.started !== undefined) this.exchange.raw.destroy();
    };
    try {
      // A promise in the rarer cases only.
      answer()?.catch(fail);
    } catch (error) {
      fail(error);
    }
  }

  get operation(): string {
    return this.route.method.operation;
  }

  get clock(): Clock {
    return this.route.method.runner.environment.clock;
  }

  /** A client that leaves while it waits for another's answer is let go; an owner goes on without it. */
  get canBeAborted(): boolean {
    return this.started === undefined;
  }

  get how(): HowAnswered | undefined {
    return this.answered.settled?.value;
  }

  get held(): HeldResponse | undefined {
    return this.started?.held;
  }

  get inner(): Deferred<Settled> | undefined {
    return this.started?.claimed.inner;
  }

  private guardedCall(goOn: GoOn): GuardedCall {
    const { method } = this.route;
    const { onInFlight, maxWaitDurationMs, onStoreDown } = method.options;
    return {
      operation: method.operation,
      key: this.key,
      rule: this.rule,
      onInFlight,
      maxWaitDurationMs,
      onStoreDown,
      caller: this.caller,
      capture: this.capture,
      execute: (live) => this.execute(live, goOn),
      executeUnguarded: async () => goOn(UNGUARDED),
    };
  }

  private execute(live: LiveClaim, goOn: GoOn): Promise<unknown> {
    const { operation, runner, options } = this.route.method;
    const { alreadyDone, maxStoredBytes } = options;
    const { storedKey } = this.rule;
    const ended = (): void => this.methodEnded();
    const claimed = new ClaimedCall({ operation, storedKey, runner, live, alreadyDone, ended, wholeOf });
    const { exchange } = this;
    const headersBefore = headersOf(exchange);
    const held = new HeldResponse(
      exchange.raw,
      maxStoredBytes,
      () => this.isWrittenInside(claimed),
      (how) => this.answered.resolve(how),
    );
    this.started = { held, exchange, headersBefore, claimed };
    // Its method must not begin any more: whoever waits in a pipe does not keep the key.
    live.cancellation.onCancel(() => {
      if (!live.isEntered) this.answered.resolve('lost');
    });
    goOn(claimed);
    // Who left while the guards were asked is told of no more.
    if (hasLeft(exchange)) this.clientGone(claimed);
    return this.answered.promise;
  }

  /** Asked where it matters only: a look at the async context is dear. */
  private isWrittenInside(claimed: ClaimedCall): boolean {
    const isOwnAnyway = claimed.inner.settled !== undefined && this.exchange.raw.statusCode < FAILING_STATUS;
    return !isOwnAnyway && this.route.isInside(claimed);
  }

  /** A status that stands there by now is the method's own word, unless somebody has answered in its place. */
  private methodEnded(): void {
    const { route, exchange } = this;
    const isOpen = this.started?.held.head === undefined || route.writesItself;
    this.saidAtEnd = isOpen ? saidOn(exchange, route) : undefined;
  }

  private closed(): void {
    const { started, operation } = this;
    if (started !== undefined) {
      if (this.answered.settled === undefined) this.clientGone(started.claimed);
      return;
    }
    if (this.isOver || this.exchange.raw.writableFinished) return;
    this.caller.cancellation.cancel(new Error(`${operation}: the client is gone`), 'caller');
  }

  private clientGone(claimed: ClaimedCall): void {
    const { answered, clock } = this;
    const { givesStream } = this.route;
    giveUpLater({ claimed, answered, clock, leaseMs: this.rule.leaseMs, givesStream });
  }

  /** The guarded call has its outcome: the request is answered, or goes on with it in the method's place. */
  private conclude(answer: unknown, goOn: GoOn): Soon<void> {
    const { started } = this;
    if (!isReplay(answer)) return answer === undefined ? undefined : started?.held.release();
    const { operation } = this;
    const { replayed } = this.route;
    if (started !== undefined) return replayInstead(started, answer, { operation, replayed });
    if (answer.kind === 'wire') return writeReplay(this.exchange, answer.answer, replayed);
    goOn(new RepeatedOutcome(answer.give));
  }
}
