import type { Call } from '../../../../lib/core/call.js';
import type { Clock } from '../../../../lib/core/clock.js';
import { ApplicationLifetime, createEnvironment } from '../../../../lib/core/environment.js';
import { ResilienceError } from '../../../../lib/core/errors.js';
import { EventHub } from '../../../../lib/core/event-hub.js';
import { type Permit, Refusal, Turn } from '../../../../lib/core/rule.js';
import {
  type CircuitBreakerGate,
  type CircuitBreakerOpenError,
  type CircuitBreakerOptions,
  createCircuitBreaker,
  resolveCircuitBreakerOptions,
} from '../../../../lib/policies/circuit-breaker/index.js';
import { EventRecorder } from '../../../../lib/testing/event-recorder.js';
import { ManualClock } from '../../../../lib/testing/manual-clock.js';

/** A failure of the dependency: `F` of the cases. */
export const F = Object.assign(new Error('service unavailable'), { status: 503 });
/** A client's mistake, which no breaker records by default. */
export const F404 = Object.assign(new Error('not found'), { status: 404 });

/** A refusal of this library's own, from inside the breaker. */
export class LocalRefusal extends ResilienceError {
  constructor(readonly code: string) {
    super('refused from inside', { operation: 'Test.method', policy: 'inner' });
  }
}

/** CB(n, r) of the cases. */
export function countRule(n: number, r: number): CircuitBreakerOptions {
  return {
    failureThreshold: false,
    slidingWindow: { type: 'count', size: n },
    minimumNumberOfCalls: n,
    failureRateThreshold: r,
  };
}

export function callOf(args: readonly unknown[] = [], operation = 'Test.method'): Call {
  return {
    operation,
    args,
    attempt: 1,
    elapsedMs: 0,
    remainingMs: undefined,
    signal: new AbortController().signal,
    isCancelled: false,
    isUnsafe: false,
  };
}

/** A call that was let through and has not settled. */
export class Running {
  constructor(
    private readonly gate: CircuitBreakerGate,
    private readonly permit: Permit,
    private readonly call: Call,
  ) {}

  succeed(value?: unknown): void {
    this.gate.succeeded(this.permit, value, this.call);
  }

  fail(error: unknown = F): void {
    this.gate.failed(this.permit, error, this.call);
  }

  cancel(): void {
    this.gate.cancelled(this.permit);
  }
}

/** Makes calls of one breaker, alone, and counts what ran. */
export class BreakerDriver<C extends Clock = ManualClock> {
  readonly events: EventHub;
  readonly recorder: EventRecorder;
  readonly reports: { what: string; error: unknown }[] = [];
  readonly gate: CircuitBreakerGate;
  executions = 0;
  rejections = 0;

  constructor(
    options: CircuitBreakerOptions,
    readonly clock: C,
  ) {
    this.events = new EventHub(clock);
    this.events.onReport((what, error) => this.reports.push({ what, error }));
    this.recorder = new EventRecorder(this.events);
    const environment = createEnvironment(clock, this.events, new ApplicationLifetime());
    const name = options.name ?? 'db';
    const resolved = resolveCircuitBreakerOptions('Test.method', options);
    this.gate = createCircuitBreaker({ name, options: resolved, environment });
  }

  /** Begins a call; answers it, or the error it was rejected with. */
  start(...args: unknown[]): Running | CircuitBreakerOpenError {
    const call = callOf(args);
    const admission = this.gate.admit(call);
    if (admission instanceof Refusal) {
      this.rejections += 1;
      // A breaker refuses with no other error.
      return admission.error as CircuitBreakerOpenError;
    }
    if (admission instanceof Turn) throw new Error('a breaker has no queue');
    this.executions += 1;
    return new Running(this.gate, admission, call);
  }

  /** Begins a call that must be let through. */
  run(...args: unknown[]): Running {
    const started = this.start(...args);
    if (started instanceof Running) return started;
    throw started;
  }

  /** Makes a call that must be rejected. */
  rejected(...args: unknown[]): CircuitBreakerOpenError {
    const started = this.start(...args);
    if (started instanceof Running) throw new Error('the call ran');
    return started;
  }

  /** Calls one after another: `S`, `F`, or an error; those that are rejected do not run. */
  calls(outcomes: readonly ('S' | 'F' | Error)[], ...args: unknown[]): this {
    for (const outcome of outcomes) {
      const started = this.start(...args);
      if (!(started instanceof Running)) continue;
      if (outcome === 'S') started.succeed('value');
      else started.fail(outcome === 'F' ? F : outcome);
    }
    return this;
  }

  /** The state changes so far, as `closed>open`. */
  get changes(): readonly string[] {
    return this.recorder.of('circuit-breaker.state-changed').map(({ from, to }) => `${from}>${to}`);
  }
}

/** So many of one outcome. */
export function times<T>(count: number, outcome: T): T[] {
  return Array.from({ length: count }, () => outcome);
}

export function breakerOf(options: CircuitBreakerOptions = {}): BreakerDriver {
  return new BreakerDriver(options, new ManualClock());
}
