import { describe, expect, it } from '@jest/globals';
import { type BulkheadOptions, resolveBulkheadOptions } from '../../../../lib/policies/bulkhead/index.js';

const resolve = (options?: BulkheadOptions) => resolveBulkheadOptions('Orders.place', options);

describe('resolveBulkheadOptions', () => {
  it('has the defaults of the contract', () => {
    const resolved = resolve();

    expect(resolved).toEqual({ maxConcurrentCalls: 25, maxQueueSize: 0, maxWaitDurationMs: undefined });
  });

  it('gives the wait in milliseconds', () => {
    const resolved = resolve({ name: 'db', maxConcurrentCalls: 2, maxQueueSize: 5, maxWaitDuration: '1s' });

    expect(resolved).toEqual({ maxConcurrentCalls: 2, maxQueueSize: 5, maxWaitDurationMs: 1000 });
  });

  it.each<[BulkheadOptions, RegExp]>([
    [{ maxConcurrentCalls: 0 }, /bulkhead\.maxConcurrentCalls must be a whole number, at least 1, got 0/],
    [{ maxConcurrentCalls: -1 }, /bulkhead\.maxConcurrentCalls must be a whole number, at least 1, got -1/],
    [{ maxConcurrentCalls: 1.5 }, /bulkhead\.maxConcurrentCalls must be a whole number/],
    [{ maxQueueSize: -1 }, /bulkhead\.maxQueueSize must be a whole number, at least 0, got -1/],
  ])('LM-23: refuses %j', (options, message) => {
    const bad = () => resolve(options);

    expect(bad).toThrow(message);
  });

  it.each([
    [{ name: '' }, /bulkhead\.name must be a text, not empty/],
    [{ maxWaitDuration: 'soon' }, /bulkhead\.maxWaitDuration must be milliseconds/],
    [{ maxConcurrent: 5 }, /bulkhead\.maxConcurrent is not an option/],
  ])('refuses %j', (options, message) => {
    const bad = () => resolve(options as BulkheadOptions);

    expect(bad).toThrow(message);
  });
});
