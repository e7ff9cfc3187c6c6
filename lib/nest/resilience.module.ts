import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { InvalidOptionsError } from '../core/index.js';
import { ResilienceFeature, ResilienceFeatureHost } from './resilience-feature.js';
import type {
  ResilienceFeatureOptions,
  ResilienceModuleAsyncOptions,
  ResilienceModuleOptions,
  ResilienceOptionsFactory,
} from './resilience.options.js';
import { EXPORTED, PROVIDERS } from './resilience.providers.js';
import { RESILIENCE_OPTIONS } from './resilience.tokens.js';

/** Options of `forRoot`, and who may inject what it provides. */
export interface ResilienceRootOptions extends ResilienceModuleOptions {
  /**
   * Whether registries, events and services can be injected in every module.
   *
   * @defaultValue true
   */
  readonly isGlobal?: boolean;
}

/**
 * The runtime of an application: options, registries, retry budgets, events, clock. Imported once, in the root
 * module; decorated methods find it wherever they are.
 */
@Module({})
export class ResilienceModule {
  /** The application's policies, given as they are. */
  static forRoot(options: ResilienceRootOptions = {}): DynamicModule {
    const { isGlobal = true, ...rest } = options;
    return root(isGlobal, [{ provide: RESILIENCE_OPTIONS, useValue: rest }]);
  }

  /**
   * The application's policies from a factory, a class or a provider.
   *
   * @throws {InvalidOptionsError} unless exactly one of `useFactory`, `useClass` and `useExisting` is given
   */
  static forRootAsync(options: ResilienceModuleAsyncOptions): DynamicModule {
    const { isGlobal = true, imports = [] } = options;
    return { ...root(isGlobal, optionsProviders(options)), imports: [...imports] };
  }

  /** Named policies of a feature module, beside those of the root. */
  static forFeature(options: ResilienceFeatureOptions): DynamicModule {
    // A new token each time: a module may have several features, and modules must not share one.
    const feature = {
      provide: Symbol('RESILIENCE_FEATURE'),
      useValue: new ResilienceFeature('forFeature.', options),
    };
    return { module: ResilienceFeatureModule, providers: [feature, ResilienceFeatureHost] };
  }
}

/** The module behind `forFeature`. */
@Module({})
export class ResilienceFeatureModule {}

function root(isGlobal: boolean, options: Provider[]): DynamicModule {
  return {
    module: ResilienceModule,
    global: isGlobal,
    providers: [...options, ...PROVIDERS],
    exports: [...EXPORTED],
  };
}

function optionsProviders(options: ResilienceModuleAsyncOptions): Provider[] {
  const { useFactory, useClass, useExisting, inject = [] } = options;
  const ways = [useFactory, useClass, useExisting].filter((way) => way !== undefined);
  if (ways.length !== 1) {
    const expected = 'needs exactly one of useFactory, useClass and useExisting';
    const facts = {
      operation: 'ResilienceModule',
      policy: 'forRootAsync',
      field: 'useFactory',
      value: undefined,
    };
    throw new InvalidOptionsError({ ...facts, expected });
  }
  if (useFactory !== undefined) {
    // What `inject` names is what the factory takes, as everywhere in Nest.
    const factory = useFactory as (...injected: unknown[]) => unknown;
    return [{ provide: RESILIENCE_OPTIONS, useFactory: factory, inject: [...inject] }];
  }
  const source = useExisting ?? useClass;
  const fromFactory = (factory: ResilienceOptionsFactory): unknown => factory.createResilienceOptions();
  const provider: Provider = {
    provide: RESILIENCE_OPTIONS,
    useFactory: fromFactory,
    inject: source ? [source] : [],
  };
  return useClass === undefined ? [provider] : [provider, { provide: useClass, useClass }];
}
