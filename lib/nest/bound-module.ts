import type {
  DynamicModule,
  ForwardReference,
  InjectionToken,
  OptionalFactoryDependency,
  Provider,
  Type,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { ResilienceRuntime } from './runtime/index.js';
import { RuntimeBinding } from './runtime-binding.js';

/** Where the options of a door come from that other providers have to make. */
export interface DoorAsyncOptions<O> {
  /** Modules whose providers the factory needs. */
  readonly imports?: readonly (Type | DynamicModule | Promise<DynamicModule> | ForwardReference)[];
  /** What the factory gets, in order. */
  readonly inject?: readonly (InjectionToken | OptionalFactoryDependency)[];
  /** Makes the options of what `inject` names. */
  useFactory(...injected: never[]): O | Promise<O>;
}

/** A module that does one thing for an application as long as it runs. */
export interface Door<O> {
  readonly module: Type;
  /** Begins; answers how to end. @throws {InvalidOptionsError} naming the option that cannot be meant */
  begin(runtime: ResilienceRuntime, options: O): () => void;
}

/** A door with these options, tied to the application that imports it. */
export function boundModule<O>(door: Door<O>, options: O): DynamicModule {
  return bound(door, (token) => ({ provide: token, useValue: options }));
}

/** The same with options that a factory makes. */
export function boundModuleAsync<O>(door: Door<O>, options: DoorAsyncOptions<O>): DynamicModule {
  const { imports = [], inject = [] } = options;
  // What `inject` names is what the factory takes, as everywhere in Nest.
  const useFactory = options.useFactory.bind(options) as (...injected: unknown[]) => unknown;
  const provider = (provide: symbol): Provider => ({ provide, useFactory, inject: [...inject] });
  return { ...bound(door, provider), imports: [...imports] };
}

function bound<O>(door: Door<O>, optionsProvider: (token: symbol) => Provider): DynamicModule {
  const { name } = door.module;
  const options = Symbol(`${name} options`);
  const binding = {
    provide: Symbol(`${name} binding`),
    inject: [ModuleRef, options, { token: ResilienceRuntime, optional: true }],
    useFactory: (moduleRef: ModuleRef, given: O, runtime?: ResilienceRuntime) =>
      new RuntimeBinding(name, (found) => door.begin(found, given), moduleRef, runtime),
  };
  return { module: door.module, providers: [optionsProvider(options), binding] };
}
