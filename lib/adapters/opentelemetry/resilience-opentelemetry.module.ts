import { type DynamicModule, Module } from '@nestjs/common';
import { type Meter, metrics } from '@opentelemetry/api';
import { OptionCheck } from '../../core/index.js';
import {
  boundModule,
  boundModuleAsync,
  type Door,
  type DoorAsyncOptions,
  type MetricsOptions,
  ResilienceMetrics,
  resolveMetricsOptions,
} from '../../nest/index.js';
import { OpenTelemetrySink } from './opentelemetry-sink.js';
import { recordSpanEvents } from './span-events.js';

/** Options of `ResilienceOpenTelemetryModule`. */
export interface ResilienceOpenTelemetryOptions extends MetricsOptions {
  /**
   * Makes the instruments.
   *
   * @defaultValue the meter `nestjs-selfheal` of the global provider, which must be there before the application
   */
  readonly meter?: Meter;
  /**
   * Whether retries, refusals and fallbacks become events of the span that is active where they happen.
   *
   * @defaultValue true
   */
  readonly spanEvents?: boolean;
}

const METER_NAME = 'nestjs-selfheal';

/** The metrics of this package through a meter of OpenTelemetry, and what happens to a call on its span. */
@Module({})
export class ResilienceOpenTelemetryModule {
  /** Counts from the boot on; the boot fails where an option cannot be meant. */
  static forRoot(options: ResilienceOpenTelemetryOptions = {}): DynamicModule {
    return boundModule(DOOR, options);
  }

  /** The same, with options that other providers make. */
  static forRootAsync(options: DoorAsyncOptions<ResilienceOpenTelemetryOptions>): DynamicModule {
    return boundModuleAsync(DOOR, options);
  }
}

const DOOR: Door<ResilienceOpenTelemetryOptions> = {
  module: ResilienceOpenTelemetryModule,
  begin(runtime, { meter = metrics.getMeter(METER_NAME), spanEvents = true, ...options }) {
    const { name } = ResilienceOpenTelemetryModule;
    const isShown = new OptionCheck('metrics', name).flag('spanEvents', spanEvents);
    const resolved = resolveMetricsOptions(name, options);
    const counted = new ResilienceMetrics(runtime, new OpenTelemetrySink(meter), resolved);
    const stopSpans = isShown ? recordSpanEvents(runtime.events) : undefined;
    return () => {
      counted.stop();
      stopSpans?.();
    };
  },
};
