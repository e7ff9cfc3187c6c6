import type { INestApplicationContext } from '@nestjs/common';
import { BulkheadRegistry, CircuitBreakerRegistry, ResilienceService } from 'nestjs-selfheal';
import {
  retryWith,
  withBulkhead,
  withCircuitBreaker,
  withFallback,
  withPipeline,
  withTimeLimiter,
} from 'nestjs-selfheal/rxjs';
import { defer, firstValueFrom, type MonoTypeOperatorFunction, type Observable } from 'rxjs';
import { IterableSoak } from './iterables.js';
import { ObservableSoak } from './observables.js';
import { BREAKER, BULKHEAD, FALLBACK_VALUE, LIMIT, RETRY } from './options.js';
import { PromiseSoak } from './promises.js';
import { type Fault, type Script, work } from './work.js';

/** Policies that are met alone: what they tell follows from what the driver sees. */
export const ALONE = [
  'retry',
  'budgeted',
  'breaker',
  'keyed',
  'limited',
  'bulkhead',
  'rate',
  'fallback',
  'hedge',
] as const;
export type Rules = (typeof ALONE)[number] | 'everything' | 'idempotent' | 'untold';

/** Something that the driver calls again and again. */
export interface Operation {
  readonly name: string;
  /** Which expectations hold. */
  readonly rules: Rules;
  readonly faults: readonly Fault[];
  call(script: Script): Promise<unknown>;
}

const ALL: readonly Fault[] = ['none', 'none', 'none', 'fails', 'fails-at-once', 'is-a-bug', 'is-slow'];
/** Without bugs: a budget is told apart from the end of the attempts only where every failure may be retried. */
const RETRIED: readonly Fault[] = ['none', 'none', 'fails', 'fails-at-once'];
/** A hedge does not repeat what failed. */
const SLOW: readonly Fault[] = ['none', 'none', 'is-slow'];

function faultsOf(rules: Rules): readonly Fault[] {
  if (rules === 'budgeted' || rules === 'idempotent') return RETRIED;
  return rules === 'hedge' ? SLOW : ALL;
}

/** Decorated methods of every kind, code without decorators, and operators. */
export function operationsOf(
  application: INestApplicationContext,
  signal: AbortSignal,
): readonly Operation[] {
  return [...decorated(application), ...byHand(application, signal), ...operators(application)];
}

function decorated(application: INestApplicationContext): Operation[] {
  const promises = application.get(PromiseSoak);
  const observables = application.get(ObservableSoak);
  const iterables = application.get(IterableSoak);
  const each = [...ALONE, 'everything'] as const;
  const operation = (kind: string, rules: Rules, call: Operation['call']): Operation => ({
    name: `${kind}.${rules}`,
    rules,
    faults: faultsOf(rules),
    call,
  });
  return [
    ...each.flatMap((rules) => [
      operation('PromiseSoak', rules, (script) => promises[rules](script)),
      operation('ObservableSoak', rules, (script) => firstValueFrom(observables[rules](script))),
      operation('IterableSoak', rules, (script) => lastOf(iterables[rules](script))),
    ]),
    operation('PromiseSoak', 'idempotent', (script) => promises.idempotent(script)),
  ];
}

async function lastOf(iterable: AsyncIterable<unknown>): Promise<unknown> {
  let last: unknown;
  for await (const item of iterable) last = item;
  return last;
}

/** One long-lived signal for all calls: what is added to it must be taken away again. */
function byHand(application: INestApplicationContext, signal: AbortSignal): Operation[] {
  const resilience = application.get(ResilienceService);
  const options = { operation: 'byHand.retry', retry: RETRY };
  return [
    {
      name: 'byHand.retry',
      rules: 'retry',
      faults: faultsOf('retry'),
      call: (script) => resilience.execute(options, () => work(script), { signal }),
    },
  ];
}

function operators(application: INestApplicationContext): Operation[] {
  const pipeline = application.get(ResilienceService).pipeline({ operation: 'operator.retry', retry: RETRY });
  const breaker = application.get(CircuitBreakerRegistry).getOrCreate('operator.breaker', BREAKER);
  const bulkhead = application.get(BulkheadRegistry).getOrCreate('operator.bulkhead', BULKHEAD);
  const piped = (name: string, rules: Rules, operator: MonoTypeOperatorFunction<string>): Operation => ({
    name,
    rules,
    faults: ALL,
    call: (script) => firstValueFrom(sourceOf(script).pipe(operator)),
  });
  return [
    piped('operator.retry', 'retry', withPipeline(pipeline)),
    piped('operator.breaker', 'breaker', withCircuitBreaker(breaker)),
    piped('operator.bulkhead', 'bulkhead', withBulkhead(bulkhead)),
    // These stand outside of the application, and tell it nothing.
    piped('operator.retryWith', 'untold', retryWith(RETRY)),
    piped('operator.withTimeLimiter', 'untold', withTimeLimiter(LIMIT)),
    piped('operator.withFallback', 'untold', withFallback({ value: FALLBACK_VALUE })),
  ];
}

function sourceOf(script: Script): Observable<string> {
  return defer(() => work(script));
}
