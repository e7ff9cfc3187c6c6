import fc from 'fast-check';
import {
  type Act,
  type Plan,
  type PlanWord,
  type Policies,
  type Script,
  type ScriptedCall,
  type Step,
  WORDS,
} from './script.js';

// Moments of different kinds differ in their binary fractions, so that nothing happens in one moment by accident: what
// comes first within a moment is nobody's promise. Executions have the finest, which differs from one to the next.
const OF_TOTAL_LIMIT = 1 / 8;
const OF_ATTEMPT_LIMIT = 1 / 4;
const OF_HEDGE = 1 / 2;
const OF_PLACE = 1 / 16;
const OF_OPENING = 1 / 32;
const OF_LEAVING = 3 / 8;
const OF_DELAY = 5 / 1024;
/** Whole fractions also when it is divided by up to four. */
const OF_WINDOW = 12 / 128;

const duration = fc.integer({ min: 1, max: 60 });
const few = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max });
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined });
const never = Number.POSITIVE_INFINITY;

const breaker = fc
  .record({
    isByRow: fc.boolean(),
    size: few(1, 4),
    threshold: fc.constantFrom(0.25, 0.5, 1),
    row: few(1, 3),
  })
  .chain(({ isByRow, size, threshold, row }) =>
    fc.record({
      failureThreshold: fc.constant(isByRow ? row : (false as const)),
      rate: fc.constant(isByRow ? (false as const) : { size, threshold }),
      waitMs: duration.map((ms) => ms + OF_OPENING),
      maxWaitMs: few(61, 200),
      permitted: few(1, 3),
      maxProbeMs: fc.constantFrom(40, 60_000),
      judges: fc.boolean(),
    }),
  );

const policySets: fc.Arbitrary<Policies> = fc.record({
  budget: fc.record({
    capacity: few(1, 8),
    ratio: fc.constantFrom(0, 0.25, 0.5),
    minRetriesPerSecond: fc.constantFrom(0, 4),
  }),
  fallback: maybe(
    fc.oneof(
      fc.constant({ value: 'spare' }),
      few(20, 200).map((lastGoodMs) => ({ lastGoodMs })),
    ),
  ),
  totalMs: maybe(few(61, 200).map((ms) => ms + OF_TOTAL_LIMIT)),
  retry: maybe(
    fc.record({
      maxAttempts: few(1, 4),
      delayMs: fc.nat(20).map((ms) => (ms === 0 ? 0 : ms + OF_DELAY)),
      judges: fc.boolean(),
      maxRetryAfterMs: fc.constantFrom(10, 60_000),
      maxDurationMs: fc.constantFrom(never, never, 50),
      isBudgeted: fc.boolean(),
    }),
  ),
  hedge: maybe(
    fc.record({
      delayMs: fc.oneof(
        fc.constant(0),
        few(1, 30).map((ms) => ms + OF_HEDGE),
      ),
      maxHedgedAttempts: few(1, 3),
    }),
  ),
  breaker: maybe(breaker),
  limiter: maybe(
    fc.record({
      type: fc.constantFrom('smooth', 'fixed', 'rolling'),
      limit: few(1, 4),
      windowMs: few(1, 5).map((times) => times * 12 + OF_WINDOW),
      maxWaitMs: fc.constantFrom(0, 30, 100),
    }),
  ),
  attemptMs: maybe(duration.map((ms) => ms + OF_ATTEMPT_LIMIT)),
  bulkhead: maybe(
    fc.record({
      maxConcurrentCalls: few(1, 3),
      maxQueueSize: fc.nat(3),
      maxWaitMs: maybe(
        fc.oneof(
          fc.constant(0),
          duration.map((ms) => ms + OF_PLACE),
        ),
      ),
    }),
  ),
});

const call: fc.Arbitrary<ScriptedCall> = fc.record({
  what: fc.constantFrom('promise', 'signal', 'stream', 'iteration'),
  executions: fc.array(
    fc.record({
      kind: fc.constantFrom(
        'value',
        'value',
        'bad',
        'fails',
        'fails',
        '404',
        'hangs',
        'obeys',
        'throws',
        'empty',
        'more',
        'breaks',
      ),
      ms: duration,
      moreMs: duration,
    }),
    { minLength: 1, maxLength: 5, size: 'max' },
  ),
  leavesAfterMs: fc.oneof(
    fc.constant(never),
    fc.nat(90).map((ms) => ms + OF_LEAVING),
  ),
});

const acts: fc.Arbitrary<Act> = fc.oneof(
  { weight: 9, arbitrary: call },
  {
    weight: 1,
    arbitrary: fc.constantFrom('forced-open', 'disabled', 'closed').map((state) => {
      return { what: 'by hand', state } as const;
    }),
  },
  { weight: 1, arbitrary: few(-5_000, 5_000).map((ms) => ({ what: 'clock steps', ms }) as const) },
);

/** All calls of a script are of one kind: a stream that is served is on its way before a promise that was first. */
function inOneManner(manner: 'promise' | 'stream' | 'iteration', step: Step): Step {
  const { act } = step;
  if (act.what === 'by hand' || act.what === 'clock steps') return step;
  const asPromise = act.what === 'promise' ? 'promise' : 'signal';
  return { ...step, act: { ...act, what: manner === 'promise' ? asPromise : manner } };
}

/** The words of the policies that there are. */
function wordsOf(policies: Policies): readonly PlanWord[] {
  const { fallback, totalMs, retry, hedge, breaker, limiter, attemptMs, bulkhead } = policies;
  const present = [fallback, totalMs, retry, hedge, breaker, limiter, attemptMs, bulkhead];
  return WORDS.filter((_, index) => present[index] !== undefined);
}

/**
 * A hedge stands inside of retry and fallback: around them it would have several of them decide in one moment, as when
 * the limits of attempts that started together pass, and which of them does is nobody's promise. For the like reason
 * a bulkhead stands inside of hedges that start with the first attempt: whose place is given back may still have to
 * pay the token in that they take.
 */
function withHedgeInside(order: readonly PlanWord[], { hedge }: Policies): readonly PlanWord[] {
  if (hedge === undefined) return order;
  const outside: readonly PlanWord[] = ['retry', 'fallback'];
  const inside: readonly PlanWord[] = hedge.delayMs === 0 ? ['bulkhead'] : [];
  const place = order.indexOf('hedge');
  const before = order.filter((word, at) => outside.includes(word) || (at < place && !inside.includes(word)));
  const after = order.filter((word) => word !== 'hedge' && !before.includes(word));
  return [...before, 'hedge', ...after];
}

const plans: fc.Arbitrary<Plan> = policySets.chain((policies) => {
  const words = wordsOf(policies);
  const any = fc.shuffledSubarray([...words], { minLength: words.length });
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant({ ...policies, order: words, isStated: false }) },
    {
      weight: 1,
      arbitrary: any.map((order) => ({
        ...policies,
        order: withHedgeInside(order, policies),
        isStated: true,
      })),
    },
  );
});

/** Scripts in the order of the contract, and in others. */
export const scripts: fc.Arbitrary<Script> = fc
  .record({
    plan: plans,
    manner: fc.constantFrom('promise', 'stream', 'iteration'),
    steps: fc.array(fc.record({ gapMs: fc.nat(40), act: acts }), { minLength: 1, maxLength: 9, size: 'max' }),
  })
  .map(({ plan, manner, steps }) => ({ plan, steps: steps.map((step) => inOneManner(manner, step)) }));
