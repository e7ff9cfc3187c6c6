import { throwError } from 'rxjs';
import type { Clock } from '../../core/index.js';
import { argumentsFor, composeAsyncIterable, type Invocation, type Pipeline } from '../../pipeline/index.js';
import { composeObservable } from '../../rxjs/index.js';
import type { MethodKind, MethodPlan, PlanDispatcher, Shortcut } from '../method-plan.js';
import { bareContext } from './bare-context.js';
import { isThenable, streamKind } from './method-kind.js';

/** Tells of a method that gives neither a promise nor a stream. */
export type PlainValueReporter = () => void;

type StreamCalls = Record<
  'observable' | 'iterable',
  (self: unknown, args: readonly unknown[], first?: Invocation) => unknown
>;

/** Carries out the calls of a method in the kind that the method gives; learns the kind from the first call. */
export class Dispatcher implements PlanDispatcher {
  private readonly streams: StreamCalls;
  private readonly contextIndex: number | undefined;

  constructor(
    private readonly plan: MethodPlan,
    readonly pipeline: Pipeline,
    private readonly onPlainValue: PlainValueReporter,
  ) {
    // The method's own: what stands in its place for a while takes the context elsewhere.
    this.contextIndex = plan.contextIndex;
    this.streams = { observable: composeObservable(pipeline), iterable: composeAsyncIterable(pipeline) };
  }

  get shortcut(): Shortcut | undefined {
    return this.plan.kind === 'promise' && this.contextIndex === undefined
      ? this.pipeline.shortcut
      : undefined;
  }

  call(self: unknown, given: readonly unknown[]): unknown {
    const args = this.contextIndex === undefined ? given : withoutContext(given, this.contextIndex);
    const { kind } = this.plan;
    if (kind === 'promise') return this.pipeline.call(self, args);
    return kind === undefined ? this.learn(self, args) : this.streams[kind](self, args);
  }

  private learn(self: unknown, args: readonly unknown[]): unknown {
    const learned = this.pipeline.learn(self, args, (result) => streamKind(result) !== undefined);
    if (learned.kind === 'refused') return learned.promise;
    const kind = this.know(learned.result);
    if (learned.kind === 'value' || kind === 'promise')
      return 'promise' in learned ? learned.promise : undefined;
    const { result, scope } = learned;
    return this.streams[kind](self, args, { result, scope, hasFailed: false });
  }

  private know(result: unknown): MethodKind {
    if (streamKind(result) === undefined && !isThenable(result)) this.onPlainValue();
    return (this.plan.kind = streamKind(result) ?? 'promise');
  }
}

/** Calls the method as it is: nothing stands around it. */
export class BareDispatcher implements PlanDispatcher {
  private readonly contextIndex: number | undefined;

  get isBare(): boolean {
    return this.contextIndex === undefined;
  }

  constructor(
    private readonly plan: MethodPlan,
    private readonly operation: string,
    private readonly clock: Clock,
  ) {
    this.contextIndex = plan.contextIndex;
  }

  call(self: unknown, args: readonly unknown[]): unknown {
    if (this.contextIndex === undefined) return Reflect.apply(this.plan.inner, self, args);
    const context = bareContext(this.operation, this.clock);
    return Reflect.apply(this.plan.inner, self, argumentsFor(args, this.contextIndex, context));
  }
}

/** Answers each call with what is wrong with the method's options; the method does not run. */
export class RefusingDispatcher implements PlanDispatcher {
  constructor(
    private readonly plan: MethodPlan,
    private readonly error: unknown,
  ) {}

  call(): unknown {
    const { kind } = this.plan;
    if (kind === 'observable') return throwError(() => this.error);
    if (kind === 'iterable') return this.failingIteration();
    return Promise.reject(this.error);
  }

  // An iteration that fails has nothing to yield.
  // oxlint-disable-next-line require-yield
  private async *failingIteration(): AsyncGenerator<never> {
    throw this.error;
  }
}

/** What Nest or a caller put in the context's place is no payload: no key and no fingerprint may see it. */
function withoutContext(args: readonly unknown[], contextIndex: number): readonly unknown[] {
  if (args.length <= contextIndex) return args;
  const payload = [...args];
  payload[contextIndex] = undefined;
  while (payload.length > 0 && payload.length > contextIndex && payload.at(-1) === undefined) payload.pop();
  return payload;
}
