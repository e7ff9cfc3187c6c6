import { describe, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import { ResilienceDashboardModule } from 'nestjs-selfheal/dashboard';
import { ResiliencePrometheusModule } from 'nestjs-selfheal/prometheus';
import { Applications, Backend, outcomeOf } from '../../../support/nest-applications.js';
import { PaymentsService } from './shop.js';
import { nextSecond, numbersOf, WatchedStream } from './watched-stream.js';

const OPERATION = 'PaymentsService.charge';

/** The counts of a metric by the value of one label. */
async function countsOf(registry: Registry, metric: string, label: string): Promise<Record<string, number>> {
  const { values = [] } = (await registry.getSingleMetric(metric)?.get()) ?? {};
  const own = values.filter(({ labels }) => labels['operation'] === OPERATION && label in labels);
  return Object.fromEntries(own.map(({ labels, value }) => [String(labels[label]), value]));
}

describe('page, events and metrics', () => {
  const applications = new Applications();

  it('agree exactly after a scripted run', async () => {
    const registry = new Registry();
    const world = await applications.listen('Express', {
      imports: [ResilienceDashboardModule.forRoot(), ResiliencePrometheusModule.forRoot({ registry })],
      providers: [PaymentsService],
    });
    const payments = world.get(PaymentsService);
    payments.backend = new Backend('S,F,S,F404,S,F,F,S,S,F,F,F,F');
    const stream = await WatchedStream.open(`${world.address}/resilience`);
    const catalogue = await stream.nextOf('catalogue');

    for (let call = 0; call < 12; call += 1) {
      await outcomeOf(() => payments.charge());
      await world.clock.advance(400);
    }
    stream.leave();
    const later = await WatchedStream.open(`${world.address}/resilience`);
    await nextSecond(world);
    const delta = await later.nextOf('delta');
    later.leave();

    const page = numbersOf(catalogue, delta, OPERATION);
    const { 'retry.scheduled': retries } = page?.events ?? {};
    expect(page?.calls).toEqual(await countsOf(registry, 'resilience_calls_total', 'outcome'));
    expect(page?.calls).toMatchObject({ success: expect.any(Number), rejected: expect.any(Number) });
    expect(delta.kinds).toEqual(world.events.counts());
    expect({ [OPERATION]: retries }).toEqual(
      await countsOf(registry, 'resilience_retries_total', 'operation'),
    );
  });
});
