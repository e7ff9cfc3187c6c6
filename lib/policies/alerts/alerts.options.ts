import { OptionCheck } from '../../core/check.js';
import type { Duration } from '../../core/duration.js';
import { withDefaults } from '../../core/with-defaults.js';

/** When somebody should look: recovery seems impossible, or too much is given up. */
export interface AlertOptions {
  /**
   * A breaker that has not been closed for this long raises an alert; above 0.
   *
   * @defaultValue '1m'
   */
  readonly openLongerThan?: Duration;
  /**
   * So many calls given up within `window` raise an alert, at least 1; all methods of the application together.
   *
   * @defaultValue 100
   */
  readonly giveUps?: number;
  /**
   * The span of time in which give-ups are counted; it rolls. Above 0.
   *
   * @defaultValue '1m'
   */
  readonly window?: Duration;
  /**
   * No second alert for the same thing (this breaker, this key's breaker, the give-ups) within this time of the
   * last; what still lasts then is told then.
   *
   * @defaultValue '5m'
   */
  readonly debounce?: Duration;
}

/** The options with every field filled in, durations in milliseconds. */
export interface ResolvedAlertOptions {
  readonly openLongerThanMs: number;
  readonly giveUps: number;
  readonly windowMs: number;
  readonly debounceMs: number;
}

/** What holds where an option is not given. */
const ALERT_DEFAULTS = {
  openLongerThan: '1m',
  giveUps: 100,
  window: '1m',
  debounce: '5m',
} as const satisfies AlertOptions;

/**
 * Fills and checks the options.
 *
 * @throws {InvalidOptionsError} with field, value and what would be right
 */
export function resolveAlertOptions(place: string, given: AlertOptions = {}): ResolvedAlertOptions {
  const check = new OptionCheck('alerts', place);
  check.onlyKnown(given, Object.keys(ALERT_DEFAULTS));
  const options = withDefaults<Required<AlertOptions>, AlertOptions>(ALERT_DEFAULTS, given);
  return {
    openLongerThanMs: check.positiveDurationMs('openLongerThan', options.openLongerThan),
    giveUps: check.wholeNumber('giveUps', options.giveUps, 1),
    windowMs: check.positiveDurationMs('window', options.window),
    debounceMs: check.durationMs('debounce', options.debounce),
  };
}
