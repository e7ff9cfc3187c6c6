import { describe, expect, it } from '@jest/globals';
import { Controller, Get, Header, Inject } from '@nestjs/common';
import { Registry } from 'prom-client';
import { ResiliencePrometheusModule, type ResiliencePrometheusOptions } from 'nestjs-selfheal/prometheus';
import {
  playShop,
  type Row,
  type Rows,
  SHOP,
  SHOP_DURATIONS,
  SHOP_ROWS,
  sorted,
} from '../../../support/metrics-world.js';
import { Applications, type HttpWorld } from '../../../support/nest-applications.js';

/** How Prometheus spells the contract's names. */
const SPELLED: Readonly<Record<string, string>> = {
  'resilience.calls': 'resilience_calls_total',
  'resilience.retries': 'resilience_retries_total',
  'resilience.give_ups': 'resilience_give_ups_total',
  'resilience.retry_budget.tokens': 'resilience_retry_budget_tokens',
  'resilience.circuit_breaker.state': 'resilience_circuit_breaker_state',
  'resilience.circuit_breaker.calls': 'resilience_circuit_breaker_calls_total',
  'resilience.circuit_breaker.failure_rate': 'resilience_circuit_breaker_failure_rate',
  'resilience.bulkhead.in_use': 'resilience_bulkhead_in_use',
  'resilience.rate_limiter.available': 'resilience_rate_limiter_available',
  'resilience.idempotency.requests': 'resilience_idempotency_requests_total',
};

@Controller()
class MetricsController {
  constructor(@Inject(Registry) private readonly registry: Registry) {}

  @Get('metrics')
  @Header('content-type', Registry.PROMETHEUS_CONTENT_TYPE)
  metrics(): Promise<string> {
    return this.registry.metrics();
  }
}

const SAMPLE = /^(?<name>\w+)(?:\{(?<labels>.*)\})? (?<value>\S+)$/;
const LABEL = /(?<name>\w+)="(?<value>(?:[^"\\]|\\.)*)"/g;

/** Reads the text format, as a server of Prometheus does. */
function rowsOf(text: string): Rows {
  const rows: Record<string, Row[]> = {};
  for (const line of text.split('\n')) {
    const { name, labels = '', value } = SAMPLE.exec(line)?.groups ?? {};
    if (name === undefined) continue;
    const each = [...labels.matchAll(LABEL)].map(({ groups }) => [groups?.['name'], groups?.['value']]);
    (rows[name] ??= []).push([Object.fromEntries(each) as Row[0], Number(value)]);
  }
  return rows;
}

describe('nestjs-selfheal/prometheus', () => {
  const applications = new Applications();

  const start = (registry: Registry, options: ResiliencePrometheusOptions = {}): Promise<HttpWorld> =>
    applications.listen('Express', {
      ...SHOP,
      imports: [ResiliencePrometheusModule.forRoot({ registry, ...options })],
      controllers: [MetricsController],
      providers: [...(SHOP.providers ?? []), { provide: Registry, useValue: registry }],
    });

  const scrape = async ({ address }: HttpWorld): Promise<Rows> => {
    const response = await fetch(`${address}/metrics`);
    expect(response.headers.get('content-type')).toContain('version=0.0.4');
    return rowsOf(await response.text());
  };

  it('P9: a scrape says exactly what a scripted run has done', async () => {
    const world = await start(new Registry());

    await playShop(world);
    const scraped = sorted(await scrape(world));

    const names = Object.keys(scraped).filter((name) => !name.startsWith('resilience_call_duration'));
    expect(names.sort()).toEqual(Object.values(SPELLED).sort());
    for (const [name, rows] of Object.entries(sorted(SHOP_ROWS))) {
      expect([name, scraped[SPELLED[name] ?? '']]).toEqual([name, rows]);
    }
  });

  it('P9: one record of duration per call, its retries and delays included', async () => {
    const world = await start(new Registry());

    await playShop(world);
    const scraped = await scrape(world);

    const counts = Object.entries(SHOP_DURATIONS).map(([operation, [count]]): Row => [{ operation }, count]);
    expect(scraped['resilience_call_duration_seconds_count']).toEqual(counts);
    for (const [{ operation = '' }, sum] of scraped['resilience_call_duration_seconds_sum'] ?? []) {
      expect([operation, sum]).toEqual([operation, expect.closeTo(SHOP_DURATIONS[operation]?.[1] ?? 0, 9)]);
    }
    const ofTrack = scraped['resilience_call_duration_seconds_bucket']?.filter(
      ([labels]) => labels['operation'] === 'Shop.track',
    );
    expect(ofTrack?.map(([{ le }, count]) => [le, count])).toEqual([
      ...['0.001', '0.005', '0.01', '0.025', '0.05'].map((le) => [le, 0]),
      ...['0.1', '0.25', '0.5', '1', '2.5', '5', '10', '30', '60', '+Inf'].map((le) => [le, 1]),
    ]);
  });

  it('a second scrape of an application at rest says the same', async () => {
    const world = await start(new Registry());
    await playShop(world);

    const first = await scrape(world);

    expect(await scrape(world)).toEqual(first);
  });

  it('serves a registry of the OpenMetrics format as well', async () => {
    const registry = new Registry();
    registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never);
    const world = await start(registry);
    await playShop(world);

    const text = await registry.metrics();

    expect(text).toContain('resilience_calls_total{operation="Shop.buy",outcome="success"} 2');
    expect(text).toContain('resilience_circuit_breaker_calls_total{name="browsing",kind="rejected"} 2');
  });
});
