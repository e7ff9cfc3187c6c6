import { from, Observable, type ObservableInput } from 'rxjs';
import {
  type CallRecord,
  enterCall,
  invoke,
  type Invocation,
  type Pipeline,
  type Step,
  within,
} from '../pipeline/index.js';
import { fallbackStream, gateStream, type StreamNext } from './stream-layers.js';
import { limitStream } from './stream-limit.js';
import { retryStream } from './stream-retry.js';

/** Calls of one method as streams; the first subscription may use an answer that the method has given already. */
export type StreamCall = (self: unknown, args: readonly unknown[], first?: Invocation) => Observable<unknown>;

/**
 * The Observable shell of a pipeline: carries out what the rules decide, outermost first. Each subscription is a
 * call of its own; nothing runs before it, and each attempt calls the method again.
 */
export function composeObservable(pipeline: Pipeline): StreamCall {
  const layers = composeStream(pipeline);
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
    const entered = enterCall(call, pipeline.environment);
    let hasEnded = false;
    const stream = layers(entered.scope, call).subscribe({
      next: (value) => subscriber.next(value),
      error: (error: unknown) => {
        hasEnded = true;
        subscriber.error(error);
      },
      complete: () => {
        hasEnded = true;
        subscriber.complete();
      },
    });
    subscriber.add(stream);
    subscriber.add(() => {
      if (!hasEnded) entered.scope.cancellation.cancel(abortError(), 'caller');
      entered.leave();
    });
  });
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

function layer(step: Step, index: number, { environment }: Pipeline, next: StreamNext): StreamNext {
  switch (step.word) {
    case 'fallback':
      return fallbackStream(step.rule, environment, next);
    case 'retry':
      return retryStream(step.rule, environment, next);
    case 'totalTimeout':
    case 'attemptTimeout':
      return limitStream(step.rule, environment, next);
    case 'circuitBreaker':
    case 'rateLimiter':
    case 'bulkhead':
      return gateStream(step.rule, index, next);
  }
}

/** What a signal gives as its reason when nobody says anything else. */
function abortError(): unknown {
  return AbortSignal.abort().reason;
}
