import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { from } from 'rxjs';
import type { RetryBudget } from '../../lib/core/retry-budget.js';
import { Scope } from '../../lib/core/scope.js';
import type { PromiseNext } from '../../lib/pipeline/promise-layers.js';
import { RecentDurations } from '../../lib/policies/hedge/quantile.js';
import { hedgeStream } from '../../lib/rxjs/stream-hedge.js';
import { HedgeWorld } from '../support/hedge-world.js';

/** What one execution does: it succeeds or fails after a time, or ends with its signal. */
interface Script {
  readonly ms: number;
  readonly end: 'succeeds' | 'fails' | 'obeys';
}

interface Plan {
  readonly scripts: readonly Script[];
  readonly delay: number;
  readonly maxHedgedAttempts: number;
  readonly tokens: number;
  /** When the caller leaves, if that is before the end. */
  readonly leavesAt: number | undefined;
}

const plans: fc.Arbitrary<Plan> = fc.record({
  scripts: fc.array(
    fc.record({ ms: fc.nat(120), end: fc.constantFrom('succeeds', 'succeeds', 'fails', 'obeys') }),
    { minLength: 5, maxLength: 5 },
  ),
  delay: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 60 })),
  maxHedgedAttempts: fc.integer({ min: 1, max: 4 }),
  tokens: fc.nat(4),
  leavesAt: fc.option(fc.nat(150), { nil: undefined, freq: 4 }),
});

/** A budget that only counts. */
class CountedBudget implements RetryBudget {
  readonly name = 'counted';
  taken = 0;
  readonly back: string[] = [];
  deposits = 0;

  constructor(private readonly tokens: number) {}

  tryTake(): boolean {
    if (this.taken === this.tokens) return false;
    this.taken += 1;
    return true;
  }

  giveBack(reason: 'succeeded' | 'not-started'): void {
    this.back.push(reason);
  }

  deposit(): void {
    this.deposits += 1;
  }
}

/** One hedged call that goes by a plan, and what is to be counted of it. */
class PlannedCall {
  readonly world = new HedgeWorld();
  readonly budget: CountedBudget;
  readonly results: string[] = [];
  /** Number of the execution that the result is of; 0 where all have failed. */
  winner = 0;
  mostAtOnce = 0;
  private running = 0;

  constructor(private readonly plan: Plan) {
    this.budget = new CountedBudget(plan.tokens);
  }

  get rule() {
    const { delay, maxHedgedAttempts } = this.plan;
    return this.world.rule({ delay, maxHedgedAttempts }, { budget: this.budget });
  }

  method(): PromiseNext {
    const method = this.world.method(
      ...this.plan.scripts.map((script, index) => this.execution(script, index + 1)),
    );
    return async (call, record) => {
      this.running += 1;
      this.mostAtOnce = Math.max(this.mostAtOnce, this.running);
      return method(call, record).finally(() => (this.running -= 1));
    };
  }

  end(result: string, winner: number): void {
    this.results.push(`${result} at ${this.world.clock.nowMs()}`);
    this.winner = winner;
  }

  /** Lets all time pass; at its moment the caller leaves. */
  async finish(leave: () => void): Promise<void> {
    const { leavesAt } = this.plan;
    if (leavesAt !== undefined) {
      await this.world.clock.advanceTo(leavesAt);
      leave();
    }
    await this.world.clock.runAll();
  }

  private execution({ ms, end }: Script, number: number) {
    if (end === 'succeeds') return this.world.takes(ms, number);
    if (end === 'fails') return this.world.fails(ms, `failure ${number}`);
    return (call: Scope) =>
      Promise.race([this.world.untilAborted()(call), this.world.fails(ms, 'too slow')(call)]);
  }
}

async function asPromise(plan: Plan): Promise<PlannedCall> {
  const call = new PlannedCall(plan);
  const { world } = call;
  const layer = world.layerAround(call.rule, call.method());
  const record = world.record({ canBeAborted: true });
  const scope = new Scope(record, Number.POSITIVE_INFINITY);
  void layer(scope, record).then(
    (value) => call.end(`value ${String(value)}`, Number(value)),
    (error: unknown) => call.end(`error ${String(error)}`, 0),
  );
  await call.finish(() => scope.cancellation.cancel('gone', 'caller'));
  return call;
}

async function asStream(plan: Plan): Promise<PlannedCall> {
  const call = new PlannedCall(plan);
  const { world } = call;
  const method = call.method();
  const layer = hedgeStream(call.rule, world.environment, (scope, record) => from(method(scope, record)));
  const record = world.record();
  const scope = new Scope(record, Number.POSITIVE_INFINITY);
  layer(scope, record).subscribe({
    next: (value) => call.end(`value ${String(value)}`, Number(value)),
    error: (error: unknown) => call.end(`error ${String(error)}`, 0),
  });
  await call.finish(() => scope.cancellation.cancel('gone', 'caller'));
  return call;
}

function expectLaws(call: PlannedCall, plan: Plan): void {
  const { budget, world } = call;
  const launched = world.events.of('hedge.launched').length;
  const won = call.winner > 1 ? ['succeeded'] : [];
  expect(call.results).toHaveLength(1);
  expect(call.mostAtOnce).toBeLessThanOrEqual(1 + plan.maxHedgedAttempts);
  expect(world.runsAt).toHaveLength(1 + launched);
  expect(budget.taken).toBe(launched);
  expect(budget.back).toEqual(won);
  expect(budget.deposits).toBe(call.winner === 1 ? 1 : 0);
  expect(world.events.of('budget.refused').length).toBeLessThanOrEqual(1);
  expect(world.clock.allTimers).toBe(0);
}

/** Attempts that were still running when another won. */
function losers({ world, winner, results }: PlannedCall, { scripts }: Plan): readonly Scope[] {
  const endedMs = Number(results[0]?.split(' at ')[1]);
  return world.calls.filter((_, index) => {
    const endsAt = (world.runsAt[index] ?? 0) + (scripts[index]?.ms ?? 0);
    return winner > 0 && index + 1 !== winner && endsAt > endedMs;
  });
}

describe('laws of the hedge', () => {
  it.each([
    ['promise', asPromise],
    ['stream', asStream],
  ])(
    'one result, bounded company, tokens taken = hedges launched, given back = wins, no timer left (%s)',
    async (_, run) => {
      await fc.assert(
        fc.asyncProperty(plans, async (plan) => {
          const call = await run(plan);

          expectLaws(call, plan);
          expect(losers(call, plan).every((each) => each.isCancelled)).toBe(true);
        }),
        { numRuns: 150 },
      );
    },
  );

  it('the promise shell and the Observable shell agree', async () => {
    await fc.assert(
      fc.asyncProperty(plans, async (plan) => {
        const [promise, stream] = [await asPromise(plan), await asStream(plan)];

        expect(stream.results).toEqual(promise.results);
        expect(stream.world.runsAt).toEqual(promise.world.runsAt);
        expect(stream.world.events.kinds).toEqual(promise.world.events.kinds);
      }),
      { numRuns: 100 },
    );
  });

  it('a percentile is the duration by nearest rank of the last 256', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(50), { minLength: 1, maxLength: 600 }),
        fc.integer({ min: 50, max: 99 }),
        (durations, percent) => {
          const recent = new RecentDurations(1);
          for (const each of durations) recent.record(each);
          const kept = durations.slice(-256).sort((one, other) => one - other);

          return recent.percentile(percent) === kept[Math.ceil((percent * kept.length) / 100) - 1];
        },
      ),
    );
  });
});
