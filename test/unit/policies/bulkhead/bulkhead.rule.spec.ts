import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from '@jest/globals';
import { Refusal, Turn } from '../../../../lib/core/rule.js';
import {
  BulkheadFullError,
  type BulkheadOptions,
  BulkheadRule,
  resolveBulkheadOptions,
} from '../../../../lib/policies/bulkhead/index.js';
import { callWith, GateLog, ruleWorld } from '../../../support/rule-world.js';

function bulkheadOf(options: BulkheadOptions) {
  const world = ruleWorld();
  const resolved = resolveBulkheadOptions('Orders.place', options);
  const rule = new BulkheadRule({ name: 'db', options: resolved, environment: world.environment });
  return { ...world, rule, log: new GateLog(rule, world.clock) };
}

/** A waiter that does something when its turn comes. */
function whenTurnComes(rule: BulkheadRule, act: () => void): void {
  const admission = rule.admit(callWith());
  if (!(admission instanceof Turn)) throw new Error('no place in the queue was expected to be needed');
  admission.onTurn(act);
}

describe('BulkheadRule', () => {
  it('LM-13: refuses the third of two at once, and lets a fourth in when one has ended', () => {
    const { rule, log } = bulkheadOf({ maxConcurrentCalls: 2 });

    log.askAll('1', '2', '3');
    rule.succeeded();
    log.ask('4');

    expect(log.lines).toEqual(['1: starts at 0', '2: starts at 0', '3: refused at 0', '4: starts at 0']);
  });

  it('LM-13: says who is full, without a stack', () => {
    const { log } = bulkheadOf({ maxConcurrentCalls: 1 });

    log.askAll('1', '2');

    const error = log.errors.get('2');
    expect(error).toBeInstanceOf(BulkheadFullError);
    expect(error).toMatchObject({
      code: 'RESILIENCE_BULKHEAD_FULL',
      operation: 'Orders.place',
      policy: 'db',
    });
    expect(error?.message).toBe('Orders.place: bulkhead "db" is full (1 at a time, 0 may wait)');
    expect(error?.stack).not.toContain('    at ');
  });

  it('LM-14: runs five, queues five, refuses the eleventh, and serves first in, first out', () => {
    const { rule, log } = bulkheadOf({ maxConcurrentCalls: 5, maxQueueSize: 5 });

    log.askAll('1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11');
    const before = rule.snapshot();
    rule.succeeded();
    rule.failed();

    expect(before).toEqual({ name: 'db', inUse: 5, queued: 5, maxConcurrentCalls: 5, maxQueueSize: 5 });
    expect(log.started).toEqual(['1', '2', '3', '4', '5', '6', '7']);
    expect([...log.errors.keys()]).toEqual(['11']);
  });

  it('LM-15: refuses a waiter after maxWaitDuration, and a later place is not for it', async () => {
    const { rule, log, clock, events } = bulkheadOf({
      maxConcurrentCalls: 1,
      maxQueueSize: 1,
      maxWaitDuration: 50,
    });
    log.askAll('1', '2');

    await clock.advanceTo(60);
    rule.succeeded();

    expect(log.lines).toEqual(['1: starts at 0', '2: refused at 50']);
    expect(log.errors.get('2')).toMatchObject({
      message: 'Orders.place: bulkhead "db" had no place for 50 ms (1 at a time)',
    });
    expect(events.kinds).toEqual(['bulkhead.rejected']);
    expect(rule.snapshot()).toMatchObject({ inUse: 0, queued: 0 });
  });

  it('LM-16: lets a waiter run when a place is free in time, and leaves no timer', async () => {
    const { rule, log, clock } = bulkheadOf({
      maxConcurrentCalls: 2,
      maxQueueSize: 1,
      maxWaitDuration: '1s',
    });
    log.askAll('1', '2', '3');

    await clock.advanceTo(200);
    rule.succeeded();

    expect(log.lines.at(-1)).toBe('3: starts at 200');
    expect(clock.allTimers).toBe(0);
  });

  it('LM-17: gives the place back whatever the end was', () => {
    const { rule, log } = bulkheadOf({ maxConcurrentCalls: 1 });
    const ends = [() => rule.succeeded(), () => rule.failed(), () => rule.cancelled()];

    for (const end of ends) {
      log.ask('next');
      end();
    }

    expect(log.errors.size).toBe(0);
    expect(rule.snapshot().inUse).toBe(0);
  });

  it('LM-19: refuses the sixteenth of ten and five, and another bulkhead notices nothing', () => {
    const a = bulkheadOf({ maxConcurrentCalls: 10, maxQueueSize: 5 });
    const b = bulkheadOf({ maxConcurrentCalls: 100 });
    const names = Array.from({ length: 100 }, (_, index) => String(index + 1));

    a.log.askAll(...names.slice(0, 16));
    b.log.askAll(...names);

    expect([...a.log.errors.keys()]).toEqual(['16']);
    expect(b.log.started).toEqual(names);
  });

  it("LM-20: tells each waiter in its own caller's async context", () => {
    const requests = new AsyncLocalStorage<number>();
    const { rule } = bulkheadOf({ maxConcurrentCalls: 1, maxQueueSize: 2 });
    const seen: unknown[] = [];
    requests.run(1, () => rule.admit(callWith()));
    for (const id of [2, 3]) {
      requests.run(id, () => whenTurnComes(rule, () => seen.push(requests.getStore())));
    }

    requests.run(1, () => rule.succeeded());
    requests.run(2, () => rule.succeeded());

    expect(seen).toEqual([2, 3]);
  });

  it('LM-22: an aborted waiter never runs, its place in the queue is free, and the next one moves up', () => {
    const { rule, log } = bulkheadOf({ maxConcurrentCalls: 1, maxQueueSize: 2 });
    log.askAll('A', 'B', 'C');

    log.leave('B');
    log.leave('B');
    log.ask('D');
    rule.succeeded();
    rule.succeeded();

    expect(log.started).toEqual(['A', 'C', 'D']);
    expect(log.errors.size).toBe(0);
  });

  it('leaves no timer where a waiter has left', () => {
    const { log, clock } = bulkheadOf({ maxConcurrentCalls: 1, maxQueueSize: 1, maxWaitDuration: '1s' });
    log.askAll('A', 'B');

    log.leave('B');

    expect(clock.allTimers).toBe(0);
  });

  it('refuses at once where a waiter may wait no time at all', () => {
    const { log, clock } = bulkheadOf({ maxConcurrentCalls: 1, maxQueueSize: 5, maxWaitDuration: 0 });

    log.askAll('A', 'B');

    expect(log.lines.at(-1)).toBe('B: refused at 0');
    expect(clock.allTimers).toBe(0);
  });

  it('tells a turn that has come before anybody asked', () => {
    const { rule } = bulkheadOf({ maxConcurrentCalls: 1, maxQueueSize: 1 });
    rule.admit(callWith());
    const turn = rule.admit(callWith());
    rule.succeeded();
    const told: unknown[] = [];

    if (turn instanceof Turn) turn.onTurn((admission) => told.push(admission));

    expect(told).toEqual([0]);
  });

  it('leaving after the turn has come takes nothing away', () => {
    const { rule, log } = bulkheadOf({ maxConcurrentCalls: 1, maxQueueSize: 1 });
    log.askAll('A', 'B');
    rule.succeeded();

    log.leave('B');

    expect(rule.snapshot()).toMatchObject({ inUse: 1, queued: 0 });
  });

  it('lets nobody overtake: who comes while the line is being served stands behind it', () => {
    const { rule, log } = bulkheadOf({ maxConcurrentCalls: 1, maxQueueSize: 3 });
    log.ask('A');
    whenTurnComes(rule, () => {
      rule.succeeded();
      log.ask('late');
    });
    log.ask('C');

    rule.succeeded();
    rule.succeeded();

    expect(log.started).toEqual(['A', 'C', 'late']);
  });

  it('survives a line of thousands that all fail at once', () => {
    const { rule } = bulkheadOf({ maxConcurrentCalls: 1, maxQueueSize: 50_000 });
    rule.admit(callWith());
    let runs = 0;
    for (let index = 0; index < 50_000; index += 1) {
      whenTurnComes(rule, () => {
        runs += 1;
        rule.failed();
      });
    }

    rule.failed();

    expect(runs).toBe(50_000);
    expect(rule.snapshot().inUse).toBe(0);
  });

  it('serves those who wait when the limit rises, and leaves alone those who run when it falls', () => {
    const { rule, log } = bulkheadOf({ maxConcurrentCalls: 1, maxQueueSize: 2 });
    log.askAll('A', 'B', 'C');

    rule.reconfigure(resolveBulkheadOptions('Orders.place', { maxConcurrentCalls: 3 }));
    const raised = log.started.length;
    rule.reconfigure(resolveBulkheadOptions('Orders.place', { maxConcurrentCalls: 1 }));
    rule.succeeded();
    log.ask('D');

    expect(raised).toBe(3);
    expect(rule.snapshot()).toMatchObject({ inUse: 2, maxConcurrentCalls: 1 });
    expect(log.lines.at(-1)).toBe('D: refused at 0');
  });

  it('makes no event where nobody listens', () => {
    const { rule, events } = bulkheadOf({ maxConcurrentCalls: 1 });
    events.stop();
    rule.admit(callWith());

    const admission = rule.admit(callWith());

    expect(admission).toBeInstanceOf(Refusal);
  });
});
