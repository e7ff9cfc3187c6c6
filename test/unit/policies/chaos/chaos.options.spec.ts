import { describe, expect, it } from '@jest/globals';
import { InvalidOptionsError } from '../../../../lib/core/errors.js';
import { resolveChaosOptions } from '../../../../lib/policies/chaos/index.js';

const resolve = (given: object) => resolveChaosOptions('S.m', given);

describe('resolveChaosOptions', () => {
  it('lets every execution fail where only an error is given', () => {
    const error = new Error('down');

    const options = resolve({ error });

    expect(options).toMatchObject({ errorRate: 1, latencyMs: 0, seed: undefined, force: false });
    expect(options.makeError()).toBe(error);
  });

  it('lets none fail where only a latency is given', () => {
    expect(resolve({ latency: '200ms' })).toMatchObject({ errorRate: 0, latencyMs: 200 });
  });

  it('makes a new error that names the operation where none is given', () => {
    const { makeError } = resolve({ errorRate: 0.5 });

    expect(makeError()).toEqual(new Error('S.m: injected by Chaos'));
    expect(makeError()).not.toBe(makeError());
  });

  it('calls a function for each error', () => {
    let made = 0;
    const { makeError } = resolve({ error: () => `error ${(made += 1)}` });

    expect([makeError(), makeError()]).toEqual(['error 1', 'error 2']);
  });

  it.each([
    ['errorRate', {}, 'must be given, or error, or latency'],
    ['errorRate', { errorRate: 50 }, 'did you mean 0.5?'],
    ['errorRate', { errorRate: -0.1 }, 'ratio'],
    ['error', { error: TypeError }, '() => new TypeError(…)'],
    ['latency', { latency: 'soon' }, 'milliseconds'],
    ['seed', { errorRate: 1, seed: 0.5 }, 'whole number'],
    ['force', { errorRate: 1, force: 'yes' }, 'true or false'],
    ['rate', { errorRate: 1, rate: 1 }, 'is not an option'],
  ])('refuses %s and says what would be right', (field, given, remedy) => {
    expect(() => resolve(given)).toThrow(InvalidOptionsError);
    expect(() => resolve(given)).toThrow(
      expect.objectContaining({ policy: 'chaos', operation: 'S.m', field }),
    );
    expect(() => resolve(given)).toThrow(remedy);
  });
});
