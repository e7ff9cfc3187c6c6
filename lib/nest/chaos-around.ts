import { defer, from, Observable, type ObservableInput } from 'rxjs';
import { type Environment, inThisContext, type Scope } from '../core/index.js';
import { argumentsFor, CONTEXT_FIRST, type DelayEnd, startDelay, type Target } from '../pipeline/index.js';
import type { ChaosRule } from '../policies/chaos/index.js';
import type { MethodPlan } from './method-plan.js';
import { streamKind } from './runtime/method-kind.js';

/** A target as whoever exchanges its method between two calls sees it. */
type ExchangeableTarget = { -readonly [K in keyof Target]: Target[K] };

/** What trouble is made of, and where. */
export interface ChaosParts {
  readonly plan: MethodPlan;
  /** Of the pipeline around the method. */
  readonly target: ExchangeableTarget;
  readonly rule: ChaosRule;
  readonly environment: Environment;
}

/** Runs the method, or throws in its place. */
type Conclusion = () => unknown;

/**
 * Trouble directly around one method, inside of all its policies, until it is ended. It stands in the method's place
 * while it lasts; before and after it costs nothing.
 */
export class ChaosAround {
  private readonly original: Target;
  private readonly kindBefore: MethodPlan['kind'];
  private readonly pauses = new Set<() => void>();
  private hasEnded = false;
  private hasRun = false;

  constructor(private readonly parts: ChaosParts) {
    const { plan, target } = parts;
    this.original = { ...target };
    this.kindBefore = plan.kind;
    target.method = this.standIn();
    target.contextIndex = CONTEXT_FIRST;
  }

  /** Puts the method back; what is being delayed goes on to it at once. */
  end(): void {
    if (this.hasEnded) return;
    const { plan, target } = this.parts;
    this.hasEnded = true;
    target.method = this.original.method;
    target.contextIndex = this.original.contextIndex;
    // What only our own promises have shown is not known.
    if (this.kindBefore === undefined && !this.hasRun) plan.kind = undefined;
    for (const resume of this.pauses) resume();
  }

  private standIn(): Target['method'] {
    const execute = (self: unknown, scope: Scope, args: readonly unknown[]): unknown =>
      this.execute(self, scope, args);
    return function (this: unknown, scope: Scope, ...args: readonly unknown[]): unknown {
      return execute(this, scope, args);
    };
  }

  private execute(self: unknown, scope: Scope, args: readonly unknown[]): unknown {
    const { rule } = this.parts;
    const { latencyMs, fails } = rule.decide();
    const conclude = (): unknown => {
      if (fails && !this.hasEnded) throw rule.makeError();
      return this.run(self, scope, args);
    };
    return latencyMs === 0 ? conclude() : this.delayed(scope, latencyMs, conclude);
  }

  private run(self: unknown, scope: Scope, args: readonly unknown[]): unknown {
    const { method, contextIndex } = this.original;
    this.hasRun = true;
    return Reflect.apply(method, self, argumentsFor(args, contextIndex, scope));
  }

  /** In the kind that the method gives; one of which nobody knows it is taken for a promise. */
  private delayed(scope: Scope, latencyMs: number, conclude: Conclusion): unknown {
    const { plan } = this.parts;
    if (plan.kind === 'observable') return this.delayedStream(scope, latencyMs, conclude);
    if (plan.kind === 'iterable') return this.delayedIteration(scope, latencyMs, conclude);
    return this.pause(scope, latencyMs).then(() => this.learn(conclude()));
  }

  private delayedStream(scope: Scope, latencyMs: number, conclude: Conclusion): Observable<unknown> {
    // The pipeline has found that the method gives a stream.
    const stream = defer(() => conclude() as ObservableInput<unknown>);
    return new Observable((subscriber) => {
      const follow = (end: DelayEnd): void => {
        if (end === 'aborted') subscriber.error(scope.cancellation.reason);
        else subscriber.add(from(stream).subscribe(subscriber));
      };
      subscriber.add(this.startPause(scope, latencyMs, follow));
    });
  }

  private async *delayedIteration(
    scope: Scope,
    latencyMs: number,
    conclude: Conclusion,
  ): AsyncGenerator<unknown> {
    await this.pause(scope, latencyMs);
    yield* conclude() as AsyncIterable<unknown>;
  }

  /** The method has shown what it gives, where that was taken for granted before. */
  private learn(result: unknown): unknown {
    if (this.kindBefore === undefined) this.parts.plan.kind = streamKind(result) ?? 'promise';
    return result;
  }

  /** @throws the reason, where nobody waits for the execution any more */
  private pause(scope: Scope, latencyMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.startPause(scope, latencyMs, (end) => {
        if (end === 'aborted') reject(scope.cancellation.reason);
        else resolve();
      });
    });
  }

  /** Calls back once, in the async context of the caller; what it answers ends the pause without a callback. */
  private startPause(scope: Scope, latencyMs: number, done: (end: DelayEnd) => void): () => void {
    let stop: () => void = () => undefined;
    const leave = (): void => {
      this.pauses.delete(resume);
      stop();
    };
    const finish = (end: DelayEnd): void => {
      leave();
      done(end);
    };
    const resume = inThisContext(() => finish('elapsed'));
    this.pauses.add(resume);
    stop = startDelay(scope, latencyMs, this.parts.environment, finish);
    return leave;
  }
}
