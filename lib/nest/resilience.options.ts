import type {
  Abstract,
  DynamicModule,
  ForwardReference,
  InjectionToken,
  OptionalFactoryDependency,
  Type,
} from '@nestjs/common';
import type { Clock } from '../core/index.js';
import type { EngineOptions, NamedPolicies } from '../pipeline/index.js';
import type { AlertOptions } from '../policies/alerts/index.js';
import type { ResilienceLogLevels } from './resilience.logger.options.js';

/** Options of `ResilienceModule.forRoot`. */
export interface ResilienceModuleOptions extends Omit<EngineOptions, 'isLenient' | 'forcedBreakers'> {
  /**
   * When `alert.raised` is told: a breaker stays open, or too many calls are given up; `false` for never.
   *
   * @defaultValue `{ openLongerThan: '1m', giveUps: 100, window: '1m', debounce: '5m' }`
   */
  readonly alerts?: AlertOptions | false;
  /**
   * Whether errors of this package that leave a handler become 503, 504 or 429 with `Retry-After`, and what that
   * is on other transports.
   *
   * @defaultValue true
   */
  readonly httpErrors?: boolean;
  /**
   * Whether what a person on call wants to know is told through Nest's `Logger`: one line per fact, repeated ones
   * together, never one per call. Or the level by kind of event, `false` for a kind that is not told.
   *
   * @defaultValue true
   */
  readonly logger?: boolean | ResilienceLogLevels;
  /**
   * The source of time, chance and timers; a test gives a `ManualClock`.
   *
   * @defaultValue the clock of the machine
   */
  readonly clock?: Clock;
}

/** Options of `ResilienceModule.forFeature`: named policies beside those of the root. */
export type ResilienceFeatureOptions = NamedPolicies;

/** Makes the options of `forRootAsync` with `useClass` or `useExisting`. */
export interface ResilienceOptionsFactory {
  /** The options of the application. */
  createResilienceOptions(): ResilienceModuleOptions | Promise<ResilienceModuleOptions>;
}

/** Where the options of `ResilienceModule.forRootAsync` come from: exactly one of the three ways. */
export interface ResilienceModuleAsyncOptions {
  /**
   * Whether the module's providers can be injected everywhere.
   *
   * @defaultValue true
   */
  readonly isGlobal?: boolean;
  /** Modules whose providers the factory needs. */
  readonly imports?: readonly (Type | DynamicModule | Promise<DynamicModule> | ForwardReference)[];
  /** What the factory gets, in order; all of it without request scope. */
  readonly inject?: readonly (InjectionToken | OptionalFactoryDependency)[];
  /** Makes the options of what `inject` names. */
  useFactory?(...injected: never[]): ResilienceModuleOptions | Promise<ResilienceModuleOptions>;
  /** A class that the module builds to make the options. */
  readonly useClass?: Type<ResilienceOptionsFactory>;
  /** A provider that makes the options. */
  readonly useExisting?: InjectionToken<ResilienceOptionsFactory> | Abstract<ResilienceOptionsFactory>;
}
