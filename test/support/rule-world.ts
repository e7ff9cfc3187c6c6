import type { Call } from '../../lib/core/call.js';
import { ApplicationLifetime, createEnvironment, type Environment } from '../../lib/core/environment.js';
import { EventHub } from '../../lib/core/event-hub.js';
import { type Admission, type Gate, Refusal, Turn } from '../../lib/core/rule.js';
import { EventRecorder } from '../../lib/testing/event-recorder.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';

/** An application without Nest around a rule: a clock that stands still, and all that happens on record. */
export interface RuleWorld {
  readonly clock: ManualClock;
  readonly hub: EventHub;
  readonly environment: Environment;
  readonly events: EventRecorder;
}

export function ruleWorld(): RuleWorld {
  const clock = new ManualClock();
  const hub = new EventHub(clock);
  return {
    clock,
    hub,
    environment: createEnvironment(clock, hub, new ApplicationLifetime()),
    events: new EventRecorder(hub),
  };
}

/** A call as a rule sees it, with these arguments. */
export function callWith(args: readonly unknown[] = [], changes: Partial<Call> = {}): Call {
  return {
    operation: 'Orders.place',
    attempt: 1,
    elapsedMs: 0,
    remainingMs: undefined,
    signal: new AbortController().signal,
    args,
    isCancelled: false,
    isUnsafe: false,
    ...changes,
  };
}

/** Calls that ask a gate, by name, and what became of each of them and when. */
export class GateLog {
  /** `name: starts at` or `name: refused at`, in the order in which it happened. */
  readonly lines: string[] = [];
  /** What each refused call was refused with. */
  readonly errors = new Map<string, Error>();
  private readonly turns = new Map<string, Turn>();

  constructor(
    private readonly gate: Gate,
    private readonly clock: ManualClock,
  ) {}

  /** Names of the calls that have started, in order. */
  get started(): readonly string[] {
    return this.lines.filter((line) => line.includes('starts')).map((line) => line.split(':', 1).join());
  }

  /** A call of this name asks the gate now. */
  ask(name: string, call: Call = callWith()): void {
    const admission = this.gate.admit(call);
    if (admission instanceof Turn) {
      this.turns.set(name, admission);
      admission.onTurn((later) => this.note(name, later));
    } else {
      this.note(name, admission);
    }
  }

  askAll(...names: readonly string[]): void {
    for (const name of names) this.ask(name);
  }

  /** The caller of a waiting call goes away. */
  leave(name: string): void {
    this.turns.get(name)?.leave();
  }

  private note(name: string, admission: Admission): void {
    const isRefused = admission instanceof Refusal;
    // The gates of these tests refuse with errors of their own.
    if (isRefused) this.errors.set(name, admission.error as Error);
    this.lines.push(`${name}: ${isRefused ? 'refused' : 'starts'} at ${this.clock.nowMs()}`);
  }
}
