import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Refusal, Turn } from '../../lib/core/rule.js';
import { BulkheadRule, resolveBulkheadOptions } from '../../lib/policies/bulkhead/index.js';
import { callWith, ruleWorld } from '../support/rule-world.js';

type Step = 'ask' | 'end' | 'fail' | 'cancel' | 'leave' | 'raise' | 'lower';

interface Limits {
  maxConcurrentCalls: number;
  readonly maxQueueSize: number;
}

/** A bulkhead under a random load, and beside it the queue as a plain list. */
class Load {
  readonly running: number[] = [];
  readonly started: number[] = [];
  readonly expected: number[] = [];
  readonly waiting: { readonly id: number; readonly turn: Turn }[] = [];
  private readonly rule: BulkheadRule;
  private next = 0;

  constructor(private readonly limits: Limits) {
    const { environment } = ruleWorld();
    this.rule = new BulkheadRule({
      name: 'law',
      options: resolveBulkheadOptions('law', limits),
      environment,
    });
  }

  get snapshot() {
    return this.rule.snapshot();
  }

  do(step: Step, choice: number): void {
    if (step === 'ask') this.ask();
    else if (step === 'leave') this.leave(choice);
    else if (step === 'raise') this.resize(this.limits.maxConcurrentCalls + 1);
    else if (step === 'lower') this.resize(Math.max(1, this.limits.maxConcurrentCalls - 1));
    else this.end(step, choice);
  }

  private ask(): void {
    const id = (this.next += 1);
    const admission = this.rule.admit(callWith());
    if (admission instanceof Refusal) return;
    if (!(admission instanceof Turn)) {
      this.expected.push(id);
      return this.start(id);
    }
    this.waiting.push({ id, turn: admission });
    admission.onTurn(() => {
      this.expected.push(...this.waiting.splice(0, 1).map((first) => first.id));
      this.start(id);
    });
  }

  private start(id: number): void {
    this.running.push(id);
    this.started.push(id);
  }

  private leave(choice: number): void {
    const [gone] = this.waiting.splice(choice % Math.max(1, this.waiting.length), 1);
    gone?.turn.leave();
    gone?.turn.leave();
  }

  private end(step: 'end' | 'fail' | 'cancel', choice: number): void {
    const [ended] = this.running.splice(choice % Math.max(1, this.running.length), 1);
    if (ended === undefined) return;
    if (step === 'end') this.rule.succeeded();
    else if (step === 'fail') this.rule.failed();
    else this.rule.cancelled();
  }

  private resize(maxConcurrentCalls: number): void {
    this.limits.maxConcurrentCalls = maxConcurrentCalls;
    this.rule.reconfigure(resolveBulkheadOptions('law', this.limits));
  }
}

const steps = (...words: readonly Step[]) =>
  fc.array(fc.tuple(fc.constantFrom(...words), fc.nat(20)), { maxLength: 60 });
const limits = fc.record({ maxConcurrentCalls: fc.integer({ min: 1, max: 4 }), maxQueueSize: fc.nat(4) });

describe('law of the bulkhead', () => {
  it('taken is given back, and at no time more than the limit run or wait', () => {
    fc.assert(
      fc.property(limits, steps('ask', 'ask', 'end', 'fail', 'cancel', 'leave'), (given, plan) => {
        const load = new Load({ ...given });

        for (const [step, choice] of plan) {
          load.do(step, choice);

          expect(load.snapshot).toMatchObject({ inUse: load.running.length, queued: load.waiting.length });
          expect(load.running.length).toBeLessThanOrEqual(given.maxConcurrentCalls);
          expect(load.waiting.length).toBeLessThanOrEqual(given.maxQueueSize);
        }
      }),
    );
  });

  it('first in, first out, whoever leaves and however the limit changes', () => {
    fc.assert(
      fc.property(limits, steps('ask', 'ask', 'end', 'leave', 'raise', 'lower'), (given, plan) => {
        const load = new Load({ ...given });

        for (const [step, choice] of plan) load.do(step, choice);

        expect(load.started).toEqual(load.expected);
        expect(load.started).toEqual([...load.started].sort((one, other) => one - other));
        expect(load.snapshot.inUse).toBe(load.running.length);
      }),
    );
  });

  it('nobody waits while there is a place', () => {
    fc.assert(
      fc.property(limits, steps('ask', 'ask', 'end', 'leave', 'raise', 'lower'), (given, plan) => {
        const load = new Load({ ...given });

        for (const [step, choice] of plan) load.do(step, choice);

        const { queued, inUse, maxConcurrentCalls } = load.snapshot;
        expect(queued === 0 || inUse >= maxConcurrentCalls).toBe(true);
      }),
    );
  });
});
