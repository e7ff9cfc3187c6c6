import type { BeforeApplicationShutdown, OnApplicationShutdown, OnModuleDestroy } from '@nestjs/common';
import type { ResilienceEvents } from './resilience.events.js';
import type { ResilienceRuntime } from './runtime/index.js';

/**
 * Ends what waits when the application closes: delays end at once with their method's error and no retry starts.
 * First attempts still run, and waiting callers in queues are still served.
 */
export class ResilienceLifecycle
  implements OnModuleDestroy, BeforeApplicationShutdown, OnApplicationShutdown
{
  constructor(
    private readonly runtime: ResilienceRuntime,
    private readonly events: ResilienceEvents,
  ) {}

  /** With a global module the last of its phase, so that other modules' hooks still have everything. */
  onModuleDestroy(): void {
    this.runtime.lifetime.close();
  }

  beforeApplicationShutdown(): void {
    this.runtime.lifetime.close();
  }

  onApplicationShutdown(): void {
    this.events.complete();
  }
}
