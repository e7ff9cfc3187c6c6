import { describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import {
  ResilienceModule,
  ResilienceService,
  type RetryBudgetOptions,
  RetryBudgetRegistry,
  Retryable,
} from 'nestjs-selfheal';
import { Applications } from '../../../support/nest-applications.js';

@Injectable()
class Reports {
  @Retryable({ budget: 'reports' })
  async read(): Promise<string> {
    return 'S';
  }
}

const feature = (reports: RetryBudgetOptions) => ResilienceModule.forFeature({ retryBudgets: { reports } });

describe('a retry budget that several places give', () => {
  const applications = new Applications();

  const start = (imports: ReturnType<typeof feature>[], options = {}) =>
    applications.start({ providers: [Reports], imports }, options);

  it('N20: is one, where they give equal values or different fields', async () => {
    const features = [feature({ capacity: 5 }), feature({ capacity: 5, ratio: 0.5 })];
    const { get } = await start(features, { retryBudgets: { reports: { refund: false } } });

    const [budget] = get(RetryBudgetRegistry)
      .list()
      .filter(({ name }) => name === 'reports');

    expect(budget).toMatchObject({ capacity: 5 });
  });

  it('P3: stops the boot where one field has two values, and names both places', async () => {
    const started = start([feature({ capacity: 5 })], { retryBudgets: { reports: { capacity: 6 } } });

    await expect(started).rejects.toThrow(
      /^forFeature\.retryBudgets\.reports: .*capacity.*retryBudgets\.reports/,
    );
  });

  it('stops the boot where two forms are mixed', async () => {
    const started = start([feature({ capacity: 5 }), feature({ maxRetriesPerSecond: 6 })]);

    await expect(started).rejects.toThrow(/^forFeature\.retryBudgets\.reports: .*maxRetriesPerSecond/);
  });

  it.each([
    ['retryBudgets', { retryBudgets: { default: { capacity: 3 } } }],
    ['retryBudget', { retryBudget: { capacity: 3 } }],
    ['both', { retryBudget: { capacity: 3 }, retryBudgets: { default: { ratio: 0.5 } } }],
  ])('P3: the one called default may be given in %s', async (_where, options) => {
    const { get } = await start([feature({})], options);

    expect(get(RetryBudgetRegistry).get().snapshot()).toMatchObject({ capacity: 3 });
  });

  it('keeps what a feature says of it when the options of the root are replaced', async () => {
    const { get } = await start([feature({ capacity: 5 })], { retryBudgets: { reports: { ratio: 0.5 } } });

    get(ResilienceService).reconfigure({});
    const kept = get(RetryBudgetRegistry).get('reports').snapshot();
    const refused = (): unknown =>
      get(ResilienceService).reconfigure({ retryBudgets: { reports: { capacity: 6 } } });

    expect(kept).toMatchObject({ capacity: 5 });
    expect(refused).toThrow(/capacity/);
    expect(get(RetryBudgetRegistry).get('reports').snapshot()).toMatchObject({ capacity: 5 });
  });
});
