import { beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, Module, type ModuleMetadata, type OnModuleInit } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { register, Registry } from 'prom-client';
import { CircuitBreaker, Fallback, ResilienceModule, ResilienceService, Retryable } from 'nestjs-selfheal';
import {
  type PrometheusRegistry,
  ResiliencePrometheusModule,
  type ResiliencePrometheusOptions,
} from 'nestjs-selfheal/prometheus';
import { ResilienceRuntime } from '../../../../lib/nest/index.js';
import { Applications, AT_ONCE, Backend, outcomeOf } from '../../../support/nest-applications.js';

let backend = new Backend('S');

@Injectable()
class Shop implements OnModuleInit {
  async onModuleInit(): Promise<void> {
    await this.buy();
  }

  @Retryable(AT_ONCE)
  buy(): Promise<string> {
    return backend.ask();
  }

  @Fallback({ value: 'none' })
  @Retryable(AT_ONCE)
  @CircuitBreaker('stock')
  stock(): Promise<string> {
    return backend.ask();
  }
}

/** The samples of a metric, each as a line without the metric's own name. */
async function samples(registry: PrometheusRegistry, name: string): Promise<readonly string[]> {
  const lines = (await registry.metrics()).split('\n');
  return lines.filter((line) => line.startsWith(`${name}{`)).map((line) => line.slice(name.length));
}

describe('ResiliencePrometheusModule', () => {
  const applications = new Applications();

  beforeEach(() => {
    backend = new Backend('S');
  });

  const withMetrics = (options?: ResiliencePrometheusOptions): ModuleMetadata => ({
    providers: [Shop],
    imports: [ResiliencePrometheusModule.forRoot(options)],
  });

  it('counts what happens while the application boots', async () => {
    const registry = new Registry();

    await applications.start(withMetrics({ registry }));

    expect(await samples(registry, 'resilience_calls_total')).toEqual([
      '{operation="Shop.buy",outcome="success"} 1',
    ]);
  });

  it('goes to the default registry where none is given, and leaves it when the application closes', async () => {
    const { app } = await applications.start(withMetrics());
    expect(await samples(register, 'resilience_calls_total')).toHaveLength(1);

    await app.close();
    expect(register.getMetricsAsArray()).toEqual([]);

    await applications.start(withMetrics());
    expect(await samples(register, 'resilience_calls_total')).toHaveLength(1);
  });

  it('leaves what others have put into the registry', async () => {
    const registry = new Registry();
    const { app } = await applications.start(withMetrics({ registry }));
    registry.clear();
    await applications.start(withMetrics({ registry }));

    await app.close();

    expect(await samples(registry, 'resilience_calls_total')).toHaveLength(1);
  });

  it('two applications at a time count each into a registry of its own', async () => {
    const registries = [new Registry(), new Registry()] as const;
    const [first] = await Promise.all(
      registries.map((registry) => applications.start(withMetrics({ registry }))),
    );

    await first?.get(Shop).buy();

    expect(await samples(registries[0], 'resilience_calls_total')).toEqual([expect.stringMatching(/ 2$/)]);
    expect(await samples(registries[1], 'resilience_calls_total')).toEqual([expect.stringMatching(/ 1$/)]);
  });

  it('refuses a registry that another application is using, and leaves it as it was', async () => {
    const registry = new Registry();
    await applications.start(withMetrics({ registry }));
    const before = registry.getMetricsAsArray();

    const second = applications.start(withMetrics({ registry }));

    await expect(second).rejects.toThrow(
      /ResiliencePrometheusModule: metrics\.registry .*"resilience_calls_total".*/,
    );
    expect(registry.getMetricsAsArray()).toEqual(before);
  });

  it.each<[ResiliencePrometheusOptions, RegExp]>([
    [{ maxNames: 0 }, /metrics\.maxNames must be a whole number, at least 1, got 0/],
    [{ durationBuckets: [] }, /metrics\.durationBuckets must be ascending/],
    [{ durationBuckets: [1, 1] }, /metrics\.durationBuckets must be ascending/],
    [{ durationBuckets: [0, 1] }, /metrics\.durationBuckets must be ascending/],
  ])('refuses %j at boot', async (options, message) => {
    const started = applications.start(withMetrics({ registry: new Registry(), ...options }));

    await expect(started).rejects.toThrow(message);
  });

  it('takes options that other providers make', async () => {
    @Module({ providers: [{ provide: Registry, useValue: new Registry() }], exports: [Registry] })
    class RegistryModule {}
    const imports = [
      RegistryModule,
      ResiliencePrometheusModule.forRootAsync({
        imports: [RegistryModule],
        inject: [Registry],
        useFactory: async (registry: Registry) => ({ registry, durationBuckets: [1, 2] }),
      }),
    ];

    const { get } = await applications.start({ providers: [Shop], imports });

    const buckets = await samples(get(Registry), 'resilience_call_duration_seconds_bucket');
    expect(buckets.map((line) => /le="([^"]+)"/.exec(line)?.[1])).toEqual(['1', '2', '+Inf']);
  });

  it('finds a ResilienceModule that is not global, and says what is missing where there is none', async () => {
    const registry = new Registry();
    const metrics = ResiliencePrometheusModule.forRoot({ registry });
    const local = ResilienceModule.forRoot({ isGlobal: false, logger: false });
    const build = (...imports: NonNullable<ModuleMetadata['imports']>) =>
      Test.createTestingModule({ imports, providers: [Shop] })
        .setLogger(applications.lines)
        .compile();

    const app = applications.keep(await (await build(local, metrics)).init());
    await app.get(Shop).buy();
    const counted = await samples(registry, 'resilience_calls_total');
    await app.close();
    const lonely = (await build(metrics)).init();

    expect(counted).toHaveLength(1);
    await expect(lonely).rejects.toThrow(/ResiliencePrometheusModule.*ResilienceModule\.forRoot/);
  });

  it('P4: the kill switch leaves no metric of a policy that is switched off', async () => {
    const registry = new Registry();
    const { get } = await applications.start(withMetrics({ registry }), { enabled: false });
    backend = new Backend('F');

    await outcomeOf(() => get(Shop).buy());
    await get(Shop).stock();

    const all = (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(all.filter((line) => !line.startsWith('resilience_call_duration'))).toEqual([
      'resilience_calls_total{operation="Shop.stock",outcome="fallback"} 1',
    ]);
  });

  it('follows options that are replaced while the application runs, and keeps its counts', async () => {
    const registry = new Registry();
    const { get } = await applications.start(withMetrics({ registry }));
    await get(Shop).stock();

    get(ResilienceService).reconfigure({ circuitBreakers: { late: {} }, retryBudgets: { small: {} } });
    await get(Shop).stock();

    const states = await samples(registry, 'resilience_circuit_breaker_state');
    expect(states).toContain('{name="late",state="closed"} 1');
    expect(await samples(registry, 'resilience_retry_budget_tokens')).toContain('{budget="small"} 10');
    const calls = await samples(registry, 'resilience_circuit_breaker_calls_total');
    expect(calls).toContain('{name="stock",kind="success"} 2');
  });

  it('nobody watches calls, or has events made, where no metrics are installed', async () => {
    const { get, events } = await applications.start({ providers: [Shop] });
    events.stop();
    const { environment, events: hub } = get(ResilienceRuntime);

    expect(environment.calls.isWatched).toBe(false);
    expect(hub.isAwaited('retry.scheduled')).toBe(false);
  });

  it('asks for no event that it does not count', async () => {
    const { get, events } = await applications.start(withMetrics({ registry: new Registry() }));
    events.stop();
    const hub = get(ResilienceRuntime).events;

    expect(hub.isAwaited('retry.scheduled')).toBe(true);
    expect(hub.isAwaited('circuit-breaker.rejected')).toBe(false);
    expect(hub.isAwaited('fallback.served')).toBe(false);
  });
});
