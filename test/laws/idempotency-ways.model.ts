import fc from 'fast-check';
import { CallRecord } from '../../lib/pipeline/call-record.js';
import { createEnvironment, ApplicationLifetime } from '../../lib/core/environment.js';
import { EventHub } from '../../lib/core/event-hub.js';
import { enterCall } from '../../lib/pipeline/enter-call.js';
import { IdempotentMethod } from '../../lib/pipeline/idempotent-layer.js';
import { IdempotentRunner } from '../../lib/pipeline/idempotent-runner.js';
import { Pipeline } from '../../lib/pipeline/index.js';
import { invoke, type Target } from '../../lib/pipeline/invoke.js';
import type { PromiseNext } from '../../lib/pipeline/promise-layers.js';
import {
  claimsOf,
  MemoryIdempotencyStore,
  type OnInFlight,
  resolveIdempotencySettings,
  resolveIdempotentOptions,
} from '../../lib/policies/idempotency/index.js';
import { EventRecorder } from '../../lib/testing/event-recorder.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';

/**
 * How guarded calls are carried out: layer by layer on a store that answers later, with the method alone inside its
 * guard on such a store, or so on claims that answer at once.
 */
export type Way = 'layers' | 'alone' | 'at-once';

/** What an execution does, and after how many whole milliseconds. */
export interface Execution {
  readonly kind: 'value' | 'plain' | 'kept' | 'fails' | 'throws' | 'calls-itself' | 'not-storable';
  readonly ms: number;
}

type Key = 'one' | 'other' | '';

/** What happens next. */
export type Move =
  | {
      readonly kind: 'call';
      readonly key: Key;
      readonly payload: number;
      readonly execution: Execution;
      readonly isTwice: boolean;
    }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'forget'; readonly key: Key }
  | { readonly kind: 'close' };

/** Calls and what happens around them. */
export interface Script {
  readonly onInFlight: OnInFlight;
  readonly hasFinal: boolean;
  readonly moves: readonly Move[];
}

const key = fc.constantFrom<Key>('one', 'other', '');
const execution = fc.record({
  kind: fc.constantFrom<Execution['kind']>(
    'value',
    'plain',
    'kept',
    'fails',
    'throws',
    'calls-itself',
    'not-storable',
  ),
  ms: fc.oneof(fc.constant(0), fc.nat(400)),
});
const move = fc.oneof(
  {
    weight: 14,
    arbitrary: fc.record({
      kind: fc.constant('call' as const),
      key,
      payload: fc.integer({ min: 0, max: 1 }),
      execution,
      isTwice: fc.boolean(),
    }),
  },
  { weight: 10, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.nat(300) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('forget' as const), key }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'close' as const }) },
);

/** Any script. */
export const anyScript: fc.Arbitrary<Script> = fc.record({
  onInFlight: fc.constantFrom<OnInFlight>('reject', 'wait'),
  hasFinal: fc.boolean(),
  moves: fc.array(move, { maxLength: 14 }),
});

// Moments of different kinds differ in their fractions: what comes first within a moment is nobody's promise.
const OF_EXECUTION = 1 / 64;
const LEASE_MS = 150;
const LONGEST_WAIT_MS = 333 + 1 / 4;
const OPERATION = 'Orders.place';

const INSTANT: readonly Execution['kind'][] = ['plain', 'throws'];

/** The same for all plays, so that they can be compared. */
const notStorable = (): undefined => undefined;

/** One application in which a script is played. */
class Stage {
  readonly answers: unknown[] = [];
  /** Executions and what happens to them, warnings, and what an operator is told. */
  readonly told: unknown[] = [];
  private readonly clock = new ManualClock();
  private readonly lifetime = new ApplicationLifetime();
  private readonly runner: IdempotentRunner;
  private readonly events: EventRecorder;
  private readonly call: (...args: readonly unknown[]) => Promise<unknown>;
  private executions = 0;

  constructor(script: Script, way: Way) {
    const { clock, lifetime } = this;
    const hub = new EventHub(clock);
    this.events = new EventRecorder(hub);
    const store = new MemoryIdempotencyStore({ clock });
    const environment = createEnvironment(clock, hub, lifetime);
    const claims = way === 'at-once' ? claimsOf(store) : undefined;
    this.runner = new IdempotentRunner(store, resolveIdempotencySettings({}), environment, claims);
    this.call = this.callIn(script, way);
  }

  async make(given: Move): Promise<void> {
    switch (given.kind) {
      case 'pass':
        return this.clock.advance(given.ms);
      case 'close':
        return this.lifetime.close();
      case 'forget':
        this.told.push([
          'forgotten',
          await this.runner.forget({ operation: OPERATION, key: given.key || '-' }),
        ]);
        return;
      case 'call':
        this.begin(given);
        // An execution that takes no time has ended before the second, or not: that is nobody's promise.
        if (given.isTwice && !INSTANT.includes(given.execution.kind)) this.begin(given);
        // Whatever can happen without time has happened before the next move.
        await this.clock.advance(0);
    }
  }

  async end(): Promise<void> {
    await this.clock.advance(2_000);
    this.told.push(...this.events.all, await this.runner.inspect({ operation: OPERATION, key: 'one' }));
  }

  private begin({ key: given, payload, execution: how }: Extract<Move, { kind: 'call' }>): void {
    const number = this.answers.push('under way') - 1;
    const tell = (end: unknown): void => {
      this.answers[number] = [given, payload, this.clock.nowMs(), end];
    };
    this.call(given, payload, how).then(tell, (error: object) => tell({ ...error, text: String(error) }));
  }

  private callIn({ onInFlight, hasFinal }: Script, way: Way): Stage['call'] {
    const { runner, clock } = this;
    const { environment } = runner;
    const options = resolveIdempotentOptions(OPERATION, {
      key: (given: string) => (given === '' ? undefined : given),
      fingerprint: ({ args }) => args[1],
      lease: LEASE_MS,
      maxWaitDuration: LONGEST_WAIT_MS,
      required: false,
      onInFlight,
      ...(hasFinal && { final: ({ kind }: { readonly kind: string }) => kind === 'error' }),
    });
    const rule = new IdempotentMethod({
      operation: OPERATION,
      options,
      runner,
      warn: (warning) => this.told.push(warning),
    });
    const method = (...args: Parameters<Stage['execute']>): unknown => this.execute(...args);
    const target: Target = { method, contextIndex: 3 };
    if (way !== 'layers') {
      const pipeline = new Pipeline({
        operation: OPERATION,
        steps: [{ word: 'idempotent', rule }],
        target,
        environment,
      });
      return (...args) => pipeline.call(undefined, args);
    }
    const next: PromiseNext = async (scope, record) => invoke(target, environment, scope, record);
    const layer = rule.layer(next);
    return async (...args) => {
      const facts = { operation: OPERATION, environment, self: undefined, isUnsafe: false };
      const record = new CallRecord({ ...facts, args, startedMs: clock.nowMs(), canBeAborted: false });
      return layer(enterCall(record, environment).scope, record);
    };
  }

  /** The guarded method. */
  private execute(
    given: Key,
    payload: number,
    { kind, ms }: Execution,
    { idempotency, signal }: { readonly idempotency?: object; readonly signal: AbortSignal },
  ): unknown {
    const number = (this.executions += 1);
    this.told.push(['runs', number, given, payload, this.clock.nowMs(), { ...idempotency }]);
    signal.addEventListener('abort', () => this.told.push(['aborts', number, this.clock.nowMs()]));
    const error = Object.assign(new Error(`failure ${number}`), kind === 'kept' && { status: 404 });
    if (kind === 'plain') return { number };
    if (kind === 'throws') throw error;
    return this.later(ms + number * OF_EXECUTION).then(async () => {
      if (kind === 'kept' || kind === 'fails') throw error;
      if (kind === 'calls-itself') return this.call(given, payload, { kind: 'value', ms: 1 });
      return kind === 'value' ? { number } : { number, notStorable };
    });
  }

  private later(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.clock.schedule(ms, resolve);
    });
  }
}

/** Everything that a script has led to: answers, executions, events, warnings, and what is stored in the end. */
export async function played(script: Script, way: Way): Promise<readonly unknown[]> {
  const stage = new Stage(script, way);
  for (const each of script.moves) await stage.make(each);
  await stage.end();
  return [...stage.answers, ...stage.told];
}
