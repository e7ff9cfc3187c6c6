import { describe, expect, it } from '@jest/globals';
import { InvalidOptionsError, ResilienceError } from '../../../../lib/core/errors.js';
import {
  type FallbackFilter,
  type FallbackHandler,
  FallbackRule,
  type FallbackToken,
  resolveFallbackOptions,
} from '../../../../lib/policies/fallback/index.js';
import { callWith, ruleWorld } from '../../../support/rule-world.js';

interface Given {
  readonly filter?: FallbackFilter;
  readonly provider?: unknown;
}

function ruleOf(handler: FallbackHandler, given: Given = {}) {
  const world = ruleWorld();
  const { environment } = world;
  const options = resolveFallbackOptions('Quotes.get', handler, given.filter);
  const provided = { resolveProvider: (_: FallbackToken) => given.provider };
  const parts = { name: 'fallback', options, environment };
  return { ...world, rule: new FallbackRule('provider' in given ? { ...parts, ...provided } : parts) };
}

class OwnError extends ResilienceError {
  constructor(
    readonly code: string,
    operation = 'Orders.place',
  ) {
    super(code, { operation, policy: 'p' });
  }
}

class E0 extends Error {}
class E1 extends E0 {}

const F = Object.assign(new Error('down'), { status: 503 });
const reasons = (...words: readonly string[]) => words.map((word) => new OwnError(`RESILIENCE_${word}`));

describe('FallbackRule.answersFor', () => {
  const network = new TypeError('fetch failed', { cause: { code: 'ECONNREFUSED' } });

  it.each([
    ['a failure of the dependency', F],
    ['a 429', Object.assign(new Error(), { status: 429 })],
    ['a network failure in the shape of a TypeError', network],
    ...reasons('CIRCUIT_BREAKER_OPEN', 'BULKHEAD_FULL', 'RATE_LIMIT_EXCEEDED', 'TIMEOUT_EXCEEDED').map(
      (error) => [error.code, error] as const,
    ),
  ])('LM-45: answers for %s', (_, error) => {
    const { rule } = ruleOf({ value: 'x' });

    const answers = rule.answersFor(error, callWith());

    expect(answers).toBe(true);
  });

  it.each([
    ['a bug', new TypeError('x is undefined')],
    ['a 404', Object.assign(new Error(), { status: 404 })],
    [
      'an error of wrong options',
      new InvalidOptionsError({ operation: 'o', policy: 'p', field: 'f', value: 1, expected: 'e' }),
    ],
    ...reasons('IDEMPOTENCY_MISMATCH', 'IDEMPOTENCY_IN_FLIGHT', 'IDEMPOTENCY_STORE').map(
      (error) => [error.code, error] as const,
    ),
  ])('LM-45: lets %s pass', (_, error) => {
    const { rule } = ruleOf({ value: 'x' });

    const answers = rule.answersFor(error, callWith());

    expect(answers).toBe(false);
  });

  it('LM-46: asks applyOn instead of the default, and skipOn wins', () => {
    const { rule } = ruleOf({ value: 'x', applyOn: [E0], skipOn: [E1] });

    const answers = [new E0(), new E1(), new Error()].map((error) => rule.answersFor(error, callWith()));

    expect(answers).toEqual([true, false, false]);
  });

  it('lets skipOn take away from the default', () => {
    const { rule } = ruleOf('getCached', { filter: { skipOn: (error) => error === F } });

    const answers = rule.answersFor(F, callWith());

    expect(answers).toBe(false);
  });

  it('takes a predicate that throws for a no, and reports it', () => {
    const bug = new Error('bug in the predicate');
    const { rule, hub } = ruleOf('getCached', {
      filter: {
        skipOn: () => {
          throw bug;
        },
      },
    });
    const reported: unknown[] = [];
    hub.onReport((_, error) => reported.push(error));

    const answers = rule.answersFor(F, callWith());

    expect(answers).toBe(false);
    expect(reported).toEqual([bug]);
  });

  it('does not answer a caller that has gone, whatever applyOn says', () => {
    const { rule } = ruleOf({ value: 'x', applyOn: () => true });

    const answers = rule.answersFor(F, callWith([], { isCancelled: true }));

    expect(answers).toBe(false);
  });

  it("answers when the call's own time limit ended it, not when that of a call around it did", () => {
    const { rule } = ruleOf({ value: 'x' });
    const ended = callWith([], { isCancelled: true });
    const [own, outer] = [undefined, 'Checkout.pay'].map(
      (of) => new OwnError('RESILIENCE_TIMEOUT_EXCEEDED', of),
    );

    const answers = [own, outer].map((error) => rule.answersFor(error, ended));

    expect(answers).toEqual([true, false]);
  });
});

describe('FallbackRule.answer', () => {
  it('LM-43: tells a function the error, the arguments and the call', () => {
    const told: unknown[] = [];
    const { rule } = ruleOf((failure) => {
      told.push(failure);
      return 'x';
    });
    const call = callWith([1, 2]);

    const answer = rule.answer(F, call, undefined);

    expect(answer).toEqual({ value: 'x', source: 'function' });
    expect(told).toEqual([{ error: F, args: [1, 2], call }]);
  });

  it.each([null, undefined, 0])('LM-44: answers with the value %p', (value) => {
    const { rule } = ruleOf({ value });

    const answer = rule.answer(F, callWith(), undefined);

    expect(answer).toEqual({ value, source: 'value' });
  });

  it('LM-47: lets what a handler throws come out as it is', () => {
    const e2 = new Error('E2');
    const { rule } = ruleOf(() => {
      throw e2;
    });

    const answer = () => rule.answer(F, callWith(), undefined);

    expect(answer).toThrow(e2);
  });

  it('LM-48: calls a method on the instance, with the arguments and the error as one more', () => {
    const self = {
      name: 'me',
      cached(...args: readonly unknown[]) {
        return [this.name, ...args];
      },
    };
    const { rule } = ruleOf('cached');

    const answer = rule.answer(F, callWith([1, 2]), self);

    expect(answer).toEqual({ value: ['me', 1, 2, F], source: 'method' });
  });

  it('LM-48: names a method that the instance does not have', () => {
    const { rule } = ruleOf('nope');

    const answer = () => rule.answer(F, callWith(), {});

    expect(answer).toThrow(/Orders\.place: fallback\.handler .*"nope"/);
  });

  it.each([
    ['a function', (failure: unknown) => failure],
    ['an object with a method fallback', { fallback: (failure: unknown) => failure }],
  ])('LM-52: tells a provider that is %s of the failure', (_, provider) => {
    const { rule } = ruleOf({ use: 'QUOTES' }, { provider });
    const call = callWith([1]);

    const answer = rule.answer(F, call, undefined);

    expect(answer).toEqual({ value: { error: F, args: [1], call }, source: 'provider' });
  });

  it('LM-52: calls the method of the same name where a provider has no other', () => {
    const provider = { place: (...args: readonly unknown[]) => args };
    const { rule } = ruleOf({ use: 'QUOTES' }, { provider });

    const answer = rule.answer(F, callWith([1]), undefined);

    expect(answer?.value).toEqual([1, F]);
  });

  it('LM-52: refuses a provider that can answer in no way', () => {
    const { rule } = ruleOf({ use: 'QUOTES' }, { provider: { other: 1 } });

    const answer = () => rule.answer(F, callWith(), undefined);

    expect(answer).toThrow(/fallback\.use must name .* fallback\(failure\) or place\(\.\.\.args, error\)/);
  });

  it('refuses a provider where there is no application', () => {
    const { rule } = ruleOf({ use: 'QUOTES' });

    const answer = () => rule.answer(F, callWith(), undefined);

    expect(answer).toThrow(/fallback\.use needs an application/);
  });
});

describe('FallbackRule.served', () => {
  it('tells of the answer once', () => {
    const { rule, events } = ruleOf({ value: 1 });

    rule.served(F, callWith(), 'value');

    expect(events.all).toMatchObject([
      { kind: 'fallback.served', operation: 'Orders.place', policy: 'fallback', source: 'value', error: F },
    ]);
  });
});

describe('FallbackRule with lastGood', () => {
  const lastGoodRule = () => ruleOf({ lastGood: { maxAge: '5m' } });

  it('says whether it remembers, so that others need not be told', () => {
    const remembers = [lastGoodRule(), ruleOf({ value: 1 })].map(({ rule }) => rule.remembers);

    expect(remembers).toEqual([true, false]);
  });

  it('LM-50: serves the last value while it is at most maxAge old', async () => {
    const { rule, clock } = lastGoodRule();
    rule.remember([], 'v1');

    await clock.advanceTo(300_000);
    const inTime = rule.answer(F, callWith(), undefined);
    await clock.advanceTo(300_001);
    const tooLate = rule.answer(F, callWith(), undefined);

    expect(inTime).toEqual({ value: 'v1', source: 'last-good' });
    expect(tooLate).toBeUndefined();
  });

  it('LM-51: never serves the value of a call with other arguments', () => {
    const { rule } = lastGoodRule();
    rule.remember(['a'], 'of a');

    const answers = ['a', 'b'].map((id) => rule.answer(F, callWith([id]), undefined)?.value);

    expect(answers).toEqual(['of a', undefined]);
  });
});
