import type { Logger } from '@nestjs/common';
import type { MethodPlan } from '../method-plan.js';
import type { CompiledMethod, ResilienceRuntime } from '../runtime/index.js';
import { nearestOf } from './nearest.js';

/** Overrides that fit no method, or two, are most likely a slip; the class may also be loaded later. */
export function warnOfOverrides(
  plans: readonly MethodPlan[],
  { options, names }: ResilienceRuntime,
  logger: Logger,
): void {
  const known = [...new Set(plans.map((plan) => plan.text))];
  for (const key of Object.keys(options.overrides ?? {})) {
    if (!known.includes(key)) {
      const nearest = nearestOf(key, known);
      const hint = nearest === undefined ? '' : ` (did you mean ${nearest}?)`;
      logger.warn(`overrides['${key}'] fits no decorated method${hint}`);
    } else if (names.count(key) > 1) {
      logger.warn(
        `overrides['${key}'] fits methods of ${names.count(key)} classes and applies to all of them`,
      );
    }
  }
}

/** Who shares a text with a method of another class is told apart by a number; a name would say more. */
export function adviseNames(
  plans: readonly MethodPlan[],
  { names }: ResilienceRuntime,
  logger: Logger,
): void {
  for (const text of new Set(plans.map((plan) => plan.text))) {
    if (names.count(text) < 2) continue;
    logger.log(
      `two classes have a decorated ${text}: the later one reads ${text}#2; give its policies a name`,
    );
  }
}

/** What a retry without end needs of its options. */
interface EndlessOptions {
  readonly retry?: { readonly maxAttempts: number; readonly maxDurationMs: number | undefined };
  readonly timeLimiter?: { readonly totalTimeoutMs: number | undefined };
}

/** A retry that only a budget, or the deadline of whoever calls, could end is most likely a slip. */
export function warnOfEndlessRetries(methods: readonly CompiledMethod[], logger: Logger): void {
  for (const { operation, options } of methods) {
    const { retry, timeLimiter }: EndlessOptions = options;
    if (retry?.maxAttempts !== Number.POSITIVE_INFINITY || retry.maxDurationMs !== undefined) continue;
    if (timeLimiter?.totalTimeoutMs !== undefined) continue;
    const remedy = 'give it maxDuration, or the method a totalTimeout';
    logger.warn(`${operation}: retry.maxAttempts is Infinity and nothing ends the retrying: ${remedy}`);
  }
}
