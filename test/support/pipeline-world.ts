import type { CallContext } from '../../lib/core/call.js';
import {
  type CallOptions,
  Compiler,
  type EngineOptions,
  FUNCTIONS,
  Pipeline,
  Policies,
  type PolicyOptions,
} from '../../lib/pipeline/index.js';
import { composeAsyncIterable } from '../../lib/pipeline/index.js';
import { composeObservable } from '../../lib/rxjs/index.js';
import { EventRecorder } from '../../lib/testing/event-recorder.js';
import { ManualClock, type ManualClockOptions } from '../../lib/testing/manual-clock.js';
import { httpError } from './retry-world.js';

/** What one execution of a method does. */
export type Execution = (execution: number, call: CallContext) => unknown;

/** A call that has begun, and how it went. */
export interface Started {
  /** When its executions began. */
  readonly runsAt: number[];
  /** The signals of its executions. */
  readonly signals: AbortSignal[];
  value?: unknown;
  error?: unknown;
  endedMs?: number | undefined;
}

export const OPERATION = 'Orders.place';

/** An application without Nest on a clock that stands still; all that happens is on record. */
export class PipelineWorld {
  readonly clock: ManualClock;
  readonly policies: Policies;
  readonly events: EventRecorder;
  readonly reports: unknown[] = [];
  private readonly pipelines = new Map<PolicyOptions, Pipeline>();

  constructor(options: EngineOptions = {}, clock: ManualClockOptions = {}) {
    this.clock = new ManualClock(clock);
    this.policies = new Policies({ ...options, clock: this.clock });
    this.events = new EventRecorder(this.policies.events);
    this.policies.events.onReport((_what, error) => this.reports.push(error));
  }

  get engine() {
    return this.policies.engine;
  }

  get balance(): number {
    return this.engine.budgets.get('default').balance;
  }

  breaker(name = OPERATION) {
    return this.engine.breakers.registry.get(name);
  }

  bulkhead(name = OPERATION) {
    return this.engine.bulkheads.registry.get(name);
  }

  /** A pipeline of functions that get the call context. */
  pipeline(policies: PolicyOptions, operation = OPERATION): Pipeline {
    const { steps } = new Compiler(this.engine, { operation, policies }).compile();
    return new Pipeline({ operation, steps, environment: this.engine.environment, target: FUNCTIONS });
  }

  /** The same pipeline each time it is asked for with the same policies. */
  pipelineOf(policies: PolicyOptions): Pipeline {
    const known = this.pipelines.get(policies) ?? this.pipeline(policies);
    this.pipelines.set(policies, known);
    return known;
  }

  /** Begins a call; what it comes to is filled in while the clock moves. */
  start(pipeline: Pipeline, execution: Execution, options?: CallOptions): Started {
    const started: Started = { runsAt: [], signals: [] };
    const fn = this.recording(started, execution);
    const promise = options === undefined ? pipeline.call(fn, []) : pipeline.run(fn, [], options);
    void this.follow(promise, started);
    return started;
  }

  /** The same call as an Observable that is subscribed at once. */
  startStream(pipeline: Pipeline, execution: Execution): Started & { unsubscribe(): void } {
    const started: Started = { runsAt: [], signals: [] };
    const fn = this.recording(started, async (...given) => execution(...given));
    const subscription = composeObservable(pipeline)(fn, []).subscribe({
      next: (value) => Object.assign(started, { value }),
      error: (error: unknown) => Object.assign(started, { error, endedMs: this.clock.nowMs() }),
      complete: () => Object.assign(started, { endedMs: this.clock.nowMs() }),
    });
    return Object.assign(started, { unsubscribe: () => subscription.unsubscribe() });
  }

  /** The same call as an iteration of one item that is taken at once. */
  startIteration(pipeline: Pipeline, execution: Execution): Started {
    const started: Started = { runsAt: [], signals: [] };
    const fn = this.recording(started, async function* (...given) {
      yield await execution(...given);
    });
    void this.follow(allOf(composeAsyncIterable(pipeline)(fn, [])), started);
    return started;
  }

  /** Makes a call and lets time pass until nothing is planned any more. */
  async call(pipeline: Pipeline, execution: Execution, options?: CallOptions): Promise<Started> {
    const started = this.start(pipeline, execution, options);
    await this.clock.runAll();
    return started;
  }

  /** Makes a call and gives promises the time to settle; the clock stands still. */
  async callNow(pipeline: Pipeline, execution: Execution, options?: CallOptions): Promise<Started> {
    const started = this.start(pipeline, execution, options);
    await this.clock.settle();
    return started;
  }

  /** Makes so many calls one after the other; answers how many executions each had. */
  async runsOf(pipeline: Pipeline, execution: Execution, times: number): Promise<number[]> {
    const runs: number[] = [];
    for (let call = 0; call < times; call += 1) {
      runs.push((await this.call(pipeline, execution)).runsAt.length);
    }
    return runs;
  }

  /** A value after so many milliseconds. */
  valueAfter(ms: number, value: unknown = 'ok'): Promise<unknown> {
    return new Promise((resolve) => this.clock.schedule(ms, () => resolve(value)));
  }

  /** A 503, or this error, after so many milliseconds. */
  errorAfter(ms: number, error: unknown = httpError()): Promise<never> {
    return new Promise((_resolve, reject) => this.clock.schedule(ms, () => reject(error)));
  }

  private recording(started: Started, execution: Execution): (call: CallContext) => unknown {
    return (call) => {
      started.runsAt.push(this.clock.nowMs());
      started.signals.push(call.signal);
      return execution(started.runsAt.length, call);
    };
  }

  private async follow(promise: Promise<unknown>, started: Started): Promise<void> {
    try {
      Object.assign(started, { value: await promise });
    } catch (error) {
      Object.assign(started, { error });
    }
    Object.assign(started, { endedMs: this.clock.nowMs() });
  }
}

/** The last item of an iteration. */
async function allOf(iteration: AsyncIterable<unknown>): Promise<unknown> {
  let last: unknown;
  for await (const item of iteration) last = item;
  return last;
}

/** Never settles. */
export const hang = (): Promise<never> => new Promise<never>(() => undefined);

/** Always fails at once with 503. */
export const fails = (): never => {
  throw httpError();
};

/** Outcomes of executions in order, the last one repeated: a number fails with that status, a text is returned. */
export function executions(...list: readonly (number | string | Error)[]): Execution {
  return async (execution) => {
    const each = list[Math.min(execution, list.length) - 1];
    if (typeof each === 'number') throw httpError(each);
    if (each instanceof Error) throw each;
    return each;
  };
}
