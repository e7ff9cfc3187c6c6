import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { ModuleRef, type ModulesContainer } from '@nestjs/core';
import type { ResilienceFeatureOptions } from './resilience.options.js';
import { type Feature, ResilienceRuntime } from './runtime/index.js';

/** Named policies that a module brings along. */
export class ResilienceFeature implements Feature {
  constructor(
    readonly place: string,
    readonly options: ResilienceFeatureOptions,
  ) {}
}

/** The features of all modules that Nest knows by now, lazily loaded ones included. */
export function featuresIn(modules: ModulesContainer): readonly Feature[] {
  return [...modules.values()].flatMap((module) =>
    [...module.providers.values()]
      .map(({ instance }) => instance)
      .filter((each) => each instanceof ResilienceFeature),
  );
}

/** Stands for `forFeature` in a module, so that Nest itself says what is missing where there is no `forRoot`. */
@Injectable()
export class ResilienceFeatureHost implements OnModuleInit {
  constructor(@Inject(ModuleRef) private readonly moduleRef: ModuleRef) {}

  onModuleInit(): void {
    this.moduleRef.get(ResilienceRuntime, { strict: false });
  }
}
