import type { CallWatch } from '../core/call-watch.js';
import type { Clock } from '../core/clock.js';
import type { Environment } from '../core/environment.js';
import type { Lane } from '../core/lane.js';
import type { Admission, Gate, Permit } from '../core/rule.js';
import type { FallbackRule } from '../policies/fallback/index.js';
import type { RetryRule } from '../policies/retry/index.js';
import type { TimeLimit } from '../policies/time-limiter/index.js';
import type { FirstAttempt } from './call-record.js';
import type { Target } from './invoke.js';
import { isGate, isLimit, type Step } from './step.js';

/** What the fused path needs of the pipeline it belongs to. */
export interface FusedPipeline {
  readonly operation: string;
  readonly target: Target;
  readonly environment: Environment;
  readonly steps: readonly Step[];
  readonly calls: CallWatch;
  resume(
    self: unknown,
    args: readonly unknown[],
    startedMs: number,
    firstAttempt: FirstAttempt,
  ): Promise<unknown>;
}

/** What of a pipeline its fused calls touch, compiled once and laid out flat: a call reads it, and no more. */
export class FusedWay {
  readonly clock: Clock;
  readonly ambient: Environment['ambient'];
  readonly calls: CallWatch;
  /** Says when a call begins: exactly where that decides about its end, else as exactly as its observers want it. */
  readonly starts: Pick<CallWatch, 'beginsMs'>;
  readonly target: Target;
  /** Outermost first. */
  readonly gates: readonly Gate[];
  /** Most methods have one gate or none. */
  readonly firstGate: Gate | undefined;
  readonly furtherGates: readonly Gate[];
  readonly retry: RetryRule | undefined;
  /** The fallback that keeps good values, where there is one. */
  readonly fallback: FallbackRule | undefined;
  /** The limit that would pass first, and its lane. */
  readonly limit: TimeLimit | undefined;
  readonly lane: Lane | undefined;
  /** Whether further attempts may start beside the first. */
  readonly isHedged: boolean;
  /** Whether a value may count as a failure; then every value is judged by the plain composition. */
  readonly judgesValues: boolean;
  /** Whether the refusal of the first gate is what the caller gets: nothing outside of it answers to an error. */
  readonly isFirstGateFinal: boolean;
  /** The index of each gate's step. */
  private readonly stepOfGate: readonly number[];

  constructor(readonly pipeline: FusedPipeline) {
    const { steps, environment, target } = pipeline;
    const gates: Gate[] = [];
    const stepOfGate: number[] = [];
    const limits: TimeLimit[] = [];
    for (const [index, step] of steps.entries()) {
      if (step.word === 'retry') this.retry = step.rule;
      else if (step.word === 'fallback') this.fallback = step.rule.remembers ? step.rule : undefined;
      else if (isLimit(step)) limits.push(step.rule);
      else if (isGate(step)) {
        gates.push(step.rule);
        stepOfGate.push(index);
      }
    }
    this.isHedged = steps.some((step) => step.word === 'hedge');
    this.clock = environment.clock;
    this.ambient = environment.ambient;
    this.calls = pipeline.calls;
    this.target = target;
    this.gates = gates;
    [this.firstGate, ...this.furtherGates] = gates;
    this.stepOfGate = stepOfGate;
    this.limit = limits.sort((one, other) => one.timeoutMs - other.timeoutMs)[0];
    this.lane = this.limit && environment.lanes.of(this.limit.timeoutMs);
    this.judgesValues = this.retry?.judgesValues === true || gates.some((gate) => gate.judgesValues);
    this.starts = this.makeStarts();
    this.isFirstGateFinal = steps.slice(0, stepOfGate[0]).every(isLimit);
  }

  /** The answers of the gates by the index of their steps, as the plain composition wants them. */
  admissionsByStep(permits: readonly Permit[], asked: number, last?: Admission): (Admission | undefined)[] {
    const admissions: (Admission | undefined)[] = this.pipeline.steps.map(() => undefined);
    for (const [index, step] of this.stepOfGate.entries()) {
      if (index < asked) admissions[step] = permits[index];
      else if (index === asked) admissions[step] = last;
    }
    return admissions;
  }

  /** The coarse clock may be behind by all that other work has blocked the event loop for. */
  private makeStarts(): FusedWay['starts'] {
    const { clock, calls, retry, limit } = this;
    const isTimed = retry?.isTimed === true || (this.isHedged && limit !== undefined);
    return isTimed ? { beginsMs: () => clock.nowMs() } : calls;
  }
}
