import type { Logger } from '@nestjs/common';
import type { MethodPlan } from '../method-plan.js';
import type { ResilienceRuntime } from '../runtime/index.js';
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
