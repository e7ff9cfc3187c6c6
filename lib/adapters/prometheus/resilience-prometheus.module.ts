import { type DynamicModule, Module } from '@nestjs/common';
import { register } from 'prom-client';
import {
  boundModule,
  boundModuleAsync,
  type Door,
  type DoorAsyncOptions,
  type MetricsOptions,
  ResilienceMetrics,
  resolveMetricsOptions,
} from '../../nest/index.js';
import { type PrometheusRegistry, PrometheusSink } from './prometheus-sink.js';

/** Options of `ResiliencePrometheusModule`. */
export interface ResiliencePrometheusOptions extends MetricsOptions {
  /**
   * Where the metrics are registered, of whatever format; they are taken out when the application has closed. Two
   * applications that run at the same time need two.
   *
   * @defaultValue the default registry of `prom-client`
   */
  readonly registry?: PrometheusRegistry;
}

/** The metrics of this package in a registry of `prom-client`; whoever serves that registry serves them. */
@Module({})
export class ResiliencePrometheusModule {
  /** Counts from the boot on. The boot fails where an option cannot be meant, or the registry is taken. */
  static forRoot(options: ResiliencePrometheusOptions = {}): DynamicModule {
    return boundModule(DOOR, options);
  }

  /** The same, with options that other providers make. */
  static forRootAsync(options: DoorAsyncOptions<ResiliencePrometheusOptions>): DynamicModule {
    return boundModuleAsync(DOOR, options);
  }
}

const DOOR: Door<ResiliencePrometheusOptions> = {
  module: ResiliencePrometheusModule,
  begin(runtime, { registry = register, ...options }) {
    const { name } = ResiliencePrometheusModule;
    const resolved = resolveMetricsOptions(name, options);
    const metrics = new ResilienceMetrics(runtime, new PrometheusSink(name, registry), resolved);
    return () => metrics.stop();
  },
};
