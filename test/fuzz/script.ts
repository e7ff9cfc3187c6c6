/** Of streams, `empty` ends without a value, `more` gives a second one, `breaks` fails after the first. */
type ExecutionKind =
  'value' | 'bad' | 'fails' | '404' | 'hangs' | 'obeys' | 'throws' | 'empty' | 'more' | 'breaks';

/** What one execution does: how, and after how many whole milliseconds. */
export interface Execution {
  readonly kind: ExecutionKind;
  readonly ms: number;
  /** From the first value to the end, of a stream that goes on after it. */
  readonly moreMs: number;
}

/** A call: its executions in turn, the last one repeated, and when its caller leaves, if that is before its end. */
export interface ScriptedCall {
  readonly what: 'promise' | 'signal' | 'stream' | 'iteration';
  readonly executions: readonly Execution[];
  readonly leavesAfterMs: number;
}

/** What happens from outside. */
export type Act =
  | ScriptedCall
  | { readonly what: 'by hand'; readonly state: 'forced-open' | 'disabled' | 'closed' }
  | { readonly what: 'clock steps'; readonly ms: number };

export interface Step {
  readonly gapMs: number;
  readonly act: Act;
}

/** The words of the steps, in the order of the contract. */
export const WORDS = [
  'fallback',
  'totalTimeout',
  'retry',
  'hedge',
  'circuitBreaker',
  'rateLimiter',
  'attemptTimeout',
  'bulkhead',
] as const;

/** A step that a plan may have. */
export type PlanWord = (typeof WORDS)[number];

/** The policies, in the least that both the library and the model can be made from. */
export interface Plan {
  /** The steps there are, outermost first. */
  readonly order: readonly PlanWord[];
  /** Whether the order is stated, as by `@PolicyOrder`. */
  readonly isStated: boolean;
  readonly budget: {
    readonly capacity: number;
    readonly ratio: number;
    readonly minRetriesPerSecond: number;
  };
  readonly fallback?: { readonly value: string } | { readonly lastGoodMs: number } | undefined;
  readonly totalMs?: number | undefined;
  readonly retry?:
    | {
        readonly maxAttempts: number;
        readonly delayMs: number;
        readonly judges: boolean;
        readonly maxRetryAfterMs: number;
        readonly maxDurationMs: number;
        readonly isBudgeted: boolean;
      }
    | undefined;
  readonly hedge?: { readonly delayMs: number; readonly maxHedgedAttempts: number } | undefined;
  readonly breaker?:
    | {
        readonly failureThreshold: number | false;
        readonly rate: { readonly size: number; readonly threshold: number } | false;
        readonly waitMs: number;
        readonly maxWaitMs: number;
        readonly permitted: number;
        readonly maxProbeMs: number;
        readonly judges: boolean;
      }
    | undefined;
  readonly limiter?:
    | {
        readonly type: 'smooth' | 'fixed' | 'rolling';
        readonly limit: number;
        readonly windowMs: number;
        readonly maxWaitMs: number;
      }
    | undefined;
  readonly attemptMs?: number | undefined;
  readonly bulkhead?:
    | {
        readonly maxConcurrentCalls: number;
        readonly maxQueueSize: number;
        readonly maxWaitMs: number | undefined;
      }
    | undefined;
}

export type Policies = Omit<Plan, 'order' | 'isStated'>;

/** Policies and what happens to them. */
export interface Script {
  readonly plan: Plan;
  readonly steps: readonly Step[];
}

// Steps and executions have fractions of their own; `arbitrary-scripts.ts` says why.
const OF_STEP = 1 / 512;
const OF_EXECUTION = 1 / 524_288;

/** When a step of a script happens. */
export function momentsOf({ steps }: Script): readonly number[] {
  let wholeMs = 0;
  return steps.map(({ gapMs }, index) => (wholeMs += gapMs) + index * OF_STEP);
}

/** The execution of a call, and after how long it ends; a throw is a rejection where other calls could meet it. */
export function executionOf(
  { plan }: Script,
  { executions }: ScriptedCall,
  { call, execution }: { readonly call: number; readonly execution: number },
): Execution {
  const found = executions[Math.min(execution, executions.length) - 1] ?? { kind: 'value', ms: 1, moreMs: 1 };
  const fraction = (call * 32 + execution) ** 2 * OF_EXECUTION;
  const kind = found.kind === 'throws' && canBeMet(plan) ? 'fails' : found.kind;
  return { kind, ms: found.ms + fraction, moreMs: found.moreMs + fraction };
}

/** Whether an execution may begin in the moment in which something of another call, or attempt, happens. */
function canBeMet({ limiter, bulkhead, hedge }: Plan): boolean {
  const canWait = (limiter?.maxWaitMs ?? 0) > 0 || (bulkhead?.maxQueueSize ?? 0) > 0;
  return canWait || hedge?.delayMs === 0;
}
