import { from, Observable, type ObservableInput } from 'rxjs';
import {
  type CallRecord,
  type EnteredCall,
  enterCall,
  type FusedWay,
  goodValuesOf,
  invoke,
  type Invocation,
  type Pipeline,
  type Step,
  within,
} from '../pipeline/index.js';
import { FusedStream } from './fused-stream.js';
import { fusedWayOf } from './fusible.js';
import { guardStream } from './stream-guard.js';
import { fallbackStream, gateStream, runInScope, type StreamNext, watched } from './stream-layers.js';
import { hedgeStream } from './stream-hedge.js';
import { limitStream } from './stream-limit.js';
import { retryStream } from './stream-retry.js';

/** Calls of one method as streams; the first subscription may use an answer that the method has given already. */
export type StreamCall = (self: unknown, args: readonly unknown[], first?: Invocation) => Observable<unknown>;

/**
 * The Observable shell of a pipeline: carries out what the rules decide, outermost first. Each subscription is a
 * call of its own; nothing runs before it, and each attempt calls the method again.
 */
export function composeObservable(pipeline: Pipeline): StreamCall {
  const layers = watched(pipeline, composeStream(pipeline));
  const plain = plainCall(pipeline, layers);
  const way = fusedWayOf(pipeline);
  if (way === undefined) return plain;
  const fused = fusedCall(pipeline, way, layers);
  // What the method has given already is for the plain composition.
  return (self, args, first) => (first === undefined ? fused(self, args) : plain(self, args, first));
}

/** The fused path; inside of a limited call each step has to know where it stands. */
function fusedCall(pipeline: Pipeline, way: FusedWay, layers: StreamNext): StreamCall {
  const { ambient } = pipeline.environment;
  const plain = plainCall(pipeline, layers);
  return (self, args) =>
    new Observable((subscriber) => {
      if (ambient.current !== undefined) return plain(self, args).subscribe(subscriber);
      const record = pipeline.begun(self, args, way.starts.beginsMs());
      return new FusedStream(way, record, subscriber, layers).start();
    });
}

/** The plain composition, from the beginning. */
function plainCall(pipeline: Pipeline, layers: StreamNext): StreamCall {
  return (self, args, first) => {
    let invocation = first;
    return subscribeEach(pipeline, layers, () => {
      const firstAttempt = invocation && { admissions: [], invocation };
      invocation = undefined;
      return pipeline.record(self, args, {}, firstAttempt);
    });
  };
}

/** An Observable whose every subscription runs the layers as one call. */
export function subscribeEach(
  pipeline: Pipeline,
  layers: StreamNext,
  record: () => CallRecord,
): Observable<unknown> {
  return new Observable((subscriber) => {
    const call = record();
    const { scope, leave } = entered(call, pipeline);
    runInScope(scope, subscriber, layers(scope, call));
    subscriber.add(leave);
  });
}

/** @throws what stands against the call from outside; it has ended with that */
function entered(call: CallRecord, { environment, calls }: Pipeline): EnteredCall {
  try {
    return enterCall(call, environment);
  } catch (error) {
    calls.failed(call, error);
    throw error;
  }
}

/** Puts a layer for each step around the method. */
export function composeStream(pipeline: Pipeline): StreamNext {
  const { steps, environment, target } = pipeline;
  const innermost: StreamNext = (scope, record) =>
    new Observable((subscriber) => {
      const subscribe = (): void => {
        const source = invoke(target, environment, scope, record) as ObservableInput<unknown>;
        subscriber.add(from(source).subscribe(subscriber));
      };
      within(environment, scope, subscribe);
    });
  return steps.reduceRight<StreamNext>((next, step, index) => layer(step, index, pipeline, next), innermost);
}

/** Whether what stands inside may begin later than the call. */
function waits({ word }: Step): boolean {
  return word === 'idempotent' || word === 'hedge' || word === 'rateLimiter' || word === 'bulkhead';
}

function layer(step: Step, index: number, { environment, steps }: Pipeline, next: StreamNext): StreamNext {
  switch (step.word) {
    case 'idempotent':
      return guardStream(step.rule, next);
    case 'fallback':
      return fallbackStream(step.rule, goodValuesOf(step.rule, steps.slice(index + 1)), next);
    case 'retry':
      return retryStream(step.rule, environment, next, steps.slice(0, index).some(waits));
    case 'hedge':
      return hedgeStream(step.rule, environment, next);
    case 'totalTimeout':
    case 'attemptTimeout':
      return limitStream(step.rule, environment, next);
    case 'circuitBreaker':
    case 'rateLimiter':
    case 'bulkhead':
      return gateStream(step.rule, index, next);
  }
}
