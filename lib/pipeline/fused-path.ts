import type { Lane } from '../core/lane.js';
import type { Admission, Permit } from '../core/rule.js';
import type { FallbackRule } from '../policies/fallback/index.js';
import type { RetryRule } from '../policies/retry/index.js';
import type { TimeLimit } from '../policies/time-limiter/index.js';
import { FusedCall, type FusedGate, type FusedPipeline, type FusedWay, type Learned } from './fused-call.js';
import { isLimit } from './step.js';

/** Calls that have ended are kept for the next ones, up to so many. */
const MOST_SPARE_CALLS = 512;

/**
 * The first attempt of a call in one frame: all gates are asked, the method is called in the same tick, and one
 * reaction to its promise tells all rules of a success. Whatever else happens (a refusal, a queue, a failure, a
 * limit that passes) is handed over to the plain composition together with what was done so far.
 */
export class FusedPath implements FusedWay {
  readonly gates: readonly FusedGate[];
  readonly retry: RetryRule | undefined;
  readonly fallback: FallbackRule | undefined;
  /** The limit that would pass first, and its lane. */
  readonly limit: TimeLimit | undefined;
  readonly lane: Lane | undefined;
  /** Whether a value may count as a failure; then every value is judged by the plain composition. */
  readonly judgesValues: boolean;
  private readonly spare: FusedCall[] = [];

  constructor(readonly pipeline: FusedPipeline) {
    const { steps, environment } = pipeline;
    const gates: FusedGate[] = [];
    const limits: TimeLimit[] = [];
    for (const [step, each] of steps.entries()) {
      if (each.word === 'retry') this.retry = each.rule;
      else if (each.word === 'fallback') this.fallback = each.rule.remembers ? each.rule : undefined;
      else if (isLimit(each)) limits.push(each.rule);
      else gates.push({ gate: each.rule, step });
    }
    this.gates = gates;
    this.limit = limits.sort((one, other) => one.timeoutMs - other.timeoutMs)[0];
    this.lane = this.limit && environment.lanes.of(this.limit.timeoutMs);
    this.judgesValues = this.retry?.judgesValues === true || gates.some(({ gate }) => gate.judgesValues);
  }

  /** Calls the method; never throws. */
  call(self: unknown, args: readonly unknown[]): Promise<unknown> {
    const call = this.spare.pop() ?? new FusedCall(this);
    return call.start(self, args);
  }

  /** Calls a method of which nobody knows what it gives. */
  learn(self: unknown, args: readonly unknown[], isStream: (result: unknown) => boolean): Learned {
    return new FusedCall(this).learn(self, args, isStream);
  }

  /** Takes back a call that has ended. */
  recycle(call: FusedCall): void {
    if (this.spare.length < MOST_SPARE_CALLS) this.spare.push(call);
  }

  /** The answers of the gates by the index of their steps, as the plain composition wants them. */
  admissionsByStep(permits: readonly Permit[], asked: number, last?: Admission): (Admission | undefined)[] {
    const admissions: (Admission | undefined)[] = this.pipeline.steps.map(() => undefined);
    for (const [index, { step }] of this.gates.entries()) {
      if (index < asked) admissions[step] = permits[index];
      else if (index === asked) admissions[step] = last;
    }
    return admissions;
  }
}
