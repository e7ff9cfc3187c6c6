import { Logger } from '@nestjs/common';
import type { OptionChange } from '../../core/index.js';
import { warnOfOverrides } from '../explorer/boot-advice.js';
import { checkModuleOptions } from '../explorer/module-options-check.js';
import type { ResilienceModuleOptions } from '../resilience.options.js';
import type { ResilienceRuntime } from '../runtime/index.js';
import { withFixed } from './fixed-options.js';
import { changesBetween, copied } from './plain-options.js';

/** The one switch of which nothing said and `true` are the same to whoever reads what has changed. */
const ON = { enabled: true } as const;

/** Replaces the options of one application while it runs: all of them, or none. */
export class Reconfiguration {
  private inForce: ResilienceModuleOptions;

  constructor(private readonly runtime: ResilienceRuntime) {
    // What is compared later must not change with an object that its owner writes to.
    this.inForce = { ...ON, ...copied(runtime.options) };
  }

  /**
   * Answers what is different now, and tells it as an event.
   *
   * @throws {InvalidOptionsError} for the first option that cannot be meant; then nothing has changed
   */
  replace(given: ResilienceModuleOptions): readonly OptionChange[] {
    checkModuleOptions(given);
    const options = { ...ON, ...withFixed(this.inForce, copied(given)) };
    const changes = changesBetween(this.inForce, options);
    this.runtime.replaceOptions(options);
    this.inForce = copied(options);
    this.tell(changes);
    return changes;
  }

  private tell(changes: readonly OptionChange[]): void {
    const { runtime } = this;
    if (changes.length === 0) return;
    if (runtime.options.logger !== false) {
      const plans = runtime.methods.map(({ plan }) => plan);
      warnOfOverrides(plans, runtime, new Logger('Resilience'));
    }
    const source = { operation: 'ResilienceModule', policy: 'configuration' };
    runtime.events.emit({ kind: 'configuration.changed', ...source, changes });
  }
}
