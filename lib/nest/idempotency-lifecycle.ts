import type {
  BeforeApplicationShutdown,
  OnApplicationBootstrap,
  OnApplicationShutdown,
  OnModuleDestroy,
} from '@nestjs/common';
import { type Clock, SystemClock } from '../core/index.js';
import type { EngineIdempotency } from '../pipeline/index.js';
import { warnOfMemory } from './memory-warning.js';
import type { ResilienceRuntime } from './runtime/index.js';

/** How long the closing of an application waits for guarded calls and their records. */
const SHUTDOWN_DEADLINE_MS = 10_000;

/**
 * Tells at boot what an operator should know of the store. While the application closes no claim begins; running
 * ones end and are recorded, as far as the deadline allows, and what is cut off is left to its lease.
 */
export class IdempotencyLifecycle
  implements OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown, OnApplicationShutdown
{
  constructor(private readonly runtime: ResilienceRuntime) {}

  private get idempotency(): EngineIdempotency {
    return this.runtime.engine.idempotency;
  }

  async onApplicationBootstrap(): Promise<void> {
    const { idempotency } = this;
    if (!idempotency.isInUse && this.runtime.options.idempotency === undefined) return;
    warnOfMemory(idempotency);
    for (const warning of await this.warningsOfStore()) idempotency.warn(warning);
  }

  /** A store that cannot be asked does not stop the boot: its operations say so themselves. */
  private async warningsOfStore(): Promise<readonly string[]> {
    try {
      return (await this.idempotency.store.warnings?.()) ?? [];
    } catch (error) {
      this.runtime.environment.events.report('asking the idempotency store for warnings', error);
      return [];
    }
  }

  onModuleDestroy(): void {
    this.runtime.lifetime.close();
  }

  /** Before servers and connections are closed, which the running calls and their records may need. */
  async beforeApplicationShutdown(): Promise<void> {
    this.runtime.lifetime.close();
    if (!this.idempotency.isInUse) return;
    await withinDeadline(this.idempotency.idle(), this.runtime.environment.clock);
  }

  async onApplicationShutdown(): Promise<void> {
    await withinDeadline(this.idempotency.close(), this.runtime.environment.clock);
  }
}

/** By the machine's clock as well: an application whose own stands still must be able to close. */
function withinDeadline(work: Promise<void>, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const timers = [clock, new SystemClock()].map((each) => each.schedule(SHUTDOWN_DEADLINE_MS, done));
    function done(): void {
      for (const timer of timers) timer.cancel();
      resolve();
    }
    work.then(done, done);
  });
}
