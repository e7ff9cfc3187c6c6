import { OptionCheck, type ResilienceEvent } from '../core/index.js';

const LEVELS = ['error', 'warn', 'log', 'debug', 'verbose'] as const;

/** A level of Nest's `Logger`. */
export type ResilienceLogLevel = (typeof LEVELS)[number];

/**
 * The level on which events are told, by their kind; `false` for not at all. What is not named is told as it is
 * without this: what a person on call wants to know, on the level of its severity.
 */
export type ResilienceLogLevels = Readonly<
  Partial<Record<ResilienceEvent['kind'], ResilienceLogLevel | false>>
>;

/** @throws {InvalidOptionsError} where `logger` is neither a switch nor levels by kind of event */
export function checkLogger(check: OptionCheck, logger: unknown, kinds: readonly string[]): void {
  if (typeof logger !== 'object' || logger === null) return void check.flag('logger', logger);
  check.onlyKnown(logger, kinds, 'logger');
  for (const [kind, level] of Object.entries(logger)) {
    if (level !== false) check.oneOf(`logger['${kind}']`, level, LEVELS);
  }
}
