import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { metrics } from '@opentelemetry/api';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import {
  ResilienceOpenTelemetryModule,
  type ResilienceOpenTelemetryOptions,
} from 'nestjs-selfheal/opentelemetry';
import { playShop, SHOP, SHOP_DURATIONS, SHOP_ROWS, sorted } from '../../../support/metrics-world.js';
import { Applications, type World } from '../../../support/nest-applications.js';
import { labelsOf, OtlpReceiver } from './otlp-receiver.js';

const NEVER_BY_ITSELF_MS = 1_000_000;

describe('nestjs-selfheal/opentelemetry', () => {
  const applications = new Applications();
  let receiver: OtlpReceiver;
  let provider: MeterProvider;

  beforeEach(async () => {
    receiver = new OtlpReceiver();
    const exporter = new OTLPMetricExporter({ url: await receiver.listen() });
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: NEVER_BY_ITSELF_MS });
    provider = new MeterProvider({ readers: [reader] });
  });

  afterEach(async () => {
    metrics.disable();
    await provider.shutdown();
    await receiver.close();
  });

  const start = (options: ResilienceOpenTelemetryOptions): Promise<World> =>
    applications.start({ ...SHOP, imports: [ResilienceOpenTelemetryModule.forRoot(options)] });

  it('P9: what an exporter posts says exactly what a scripted run has done', async () => {
    const world = await start({ meter: provider.getMeter('given') });

    await playShop(world);
    await provider.forceFlush();

    expect(receiver.scopes).toEqual(['given']);
    expect(sorted(receiver.rows)).toEqual(sorted(SHOP_ROWS));
  });

  it('counters grow and gauges do not, each with its unit and a sentence', async () => {
    const world = await start({ meter: provider.getMeter('given') });

    await playShop(world);
    await provider.forceFlush();

    const kinds = Object.values(receiver.metrics).map(({ name, unit, sum, gauge, histogram }) => {
      const type = histogram ? 'histogram' : gauge ? 'gauge' : sum?.isMonotonic ? 'counter' : 'other';
      return [name, type, unit];
    });
    expect(kinds.sort()).toEqual([
      ['resilience.bulkhead.in_use', 'gauge', '{call}'],
      ['resilience.call.duration', 'histogram', 's'],
      ['resilience.calls', 'counter', '{call}'],
      ['resilience.circuit_breaker.calls', 'counter', '{call}'],
      ['resilience.circuit_breaker.failure_rate', 'gauge', '1'],
      ['resilience.circuit_breaker.state', 'gauge', '{breaker}'],
      ['resilience.give_ups', 'counter', '{call}'],
      ['resilience.idempotency.requests', 'counter', '{request}'],
      ['resilience.rate_limiter.available', 'gauge', '{call}'],
      ['resilience.retries', 'counter', '{retry}'],
      ['resilience.retry_budget.tokens', 'gauge', '{token}'],
    ]);
    expect(Object.values(receiver.metrics).filter(({ description }) => !description.endsWith('.'))).toEqual(
      [],
    );
  });

  it('P9: one record of duration per call, in seconds and in buckets of seconds', async () => {
    const world = await start({ meter: provider.getMeter('given') });

    await playShop(world);
    await provider.forceFlush();

    const points = receiver.metrics['resilience.call.duration']?.histogram?.dataPoints ?? [];
    const found = points.map((point) => [labelsOf(point)['operation'], [point.count, point.sum]]);
    const rounded = Object.entries(SHOP_DURATIONS).map(([operation, [count, sum]]) => [
      operation,
      [count, expect.closeTo(sum, 9)],
    ]);
    expect(found).toEqual(rounded);
    const bounds = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
    expect(points.map((point) => point.explicitBounds)).toEqual(points.map(() => bounds));
  });

  it('takes the meter of the global provider where none is given', async () => {
    metrics.setGlobalMeterProvider(provider);
    const world = await start({});

    await playShop(world);
    await provider.forceFlush();

    expect(receiver.scopes).toEqual(['nestjs-selfheal']);
    expect(sorted(receiver.rows)).toEqual(sorted(SHOP_ROWS));
  });

  it('is read no more when the application has closed', async () => {
    const world = await start({ meter: provider.getMeter('given') });
    await playShop(world);

    await world.app.close();
    await provider.forceFlush();

    expect(receiver.rows['resilience.calls']).toHaveLength(SHOP_ROWS['resilience.calls']?.length ?? 0);
    expect(receiver.rows['resilience.circuit_breaker.state'] ?? []).toEqual([]);
  });
});
