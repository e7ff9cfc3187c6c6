import type { EventBase } from './event-base.js';

/** One option that has another value than before. */
export interface OptionChange {
  /** Where it stands in the options of the module: `circuitBreakers.db.failureThreshold`. */
  readonly path: string;
  /** As it was written; `undefined` where nothing was said. */
  readonly before: unknown;
  /** As it is written now; `undefined` where nothing is said any more. */
  readonly after: unknown;
}

/** The options of the module were replaced while the application runs. `operation` and `policy` name the module. */
export interface ConfigurationChangedEvent extends EventBase {
  /** Tells the event apart. */
  readonly kind: 'configuration.changed';
  /** What is different now; never empty. */
  readonly changes: readonly OptionChange[];
}
