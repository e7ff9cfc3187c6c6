import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import { InvalidOptionsError } from '../core/index.js';
import { ResilienceRuntime } from './runtime/index.js';

/**
 * Ties a door of its own to the application it is imported into: begins as soon as there is a runtime, so that
 * nothing of the boot is missed, and ends when the application has closed.
 */
export class RuntimeBinding implements OnModuleInit, OnApplicationShutdown {
  private stop: (() => void) | undefined;

  /** @param runtime where it can be injected: a module that is not global is found when all modules are there */
  constructor(
    private readonly door: string,
    private readonly begin: (runtime: ResilienceRuntime) => () => void,
    private readonly moduleRef: ModuleRef,
    runtime?: ResilienceRuntime,
  ) {
    if (runtime !== undefined) this.stop = begin(runtime);
  }

  /** @throws {InvalidOptionsError} where the application does not import `ResilienceModule` */
  onModuleInit(): void {
    this.stop ??= this.begin(this.find());
  }

  onApplicationShutdown(): void {
    this.stop?.();
    this.stop = undefined;
  }

  private find(): ResilienceRuntime {
    try {
      return this.moduleRef.get(ResilienceRuntime, { strict: false });
    } catch {
      throw new InvalidOptionsError({
        operation: this.door,
        policy: 'module',
        field: 'imports',
        value: undefined,
        expected: 'must hold ResilienceModule.forRoot(), in the root module',
      });
    }
  }
}
