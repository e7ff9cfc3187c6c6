import { OptionCheck } from '../../core/index.js';
import { isSameOption } from '../../pipeline/index.js';
import type { ResilienceModuleOptions } from '../resilience.options.js';

/** What was made of these at boot cannot be made anew, and what holds where they are left out. */
const FIXED = {
  idempotency: undefined,
  alerts: undefined,
  httpErrors: true,
  logger: true,
  clock: undefined,
  forcedBreakers: undefined,
} as const;

type FixedOption = keyof typeof FIXED;
type WithFixed = ResilienceModuleOptions & { readonly forcedBreakers?: unknown; readonly isGlobal?: unknown };

/**
 * The given options with those that cannot change while the application runs as they were: left out they stay, and
 * so they do where they are given alike.
 *
 * @throws {InvalidOptionsError} where one of them is given another value
 */
export function withFixed(
  before: ResilienceModuleOptions,
  given: ResilienceModuleOptions,
): ResilienceModuleOptions {
  const now: WithFixed = before;
  const { isGlobal: _isGlobal, ...wanted }: WithFixed = given;
  const check = new OptionCheck('resilience', 'ResilienceModule');
  for (const option of Object.keys(FIXED) as FixedOption[]) {
    if (wanted[option] === undefined) continue;
    const isSame = isSameOption(wanted[option], now[option] ?? FIXED[option]);
    if (!isSame) check.refuse(option, wanted[option], 'cannot be changed while the application runs');
  }
  const fixed = Object.entries(now).filter(([option, value]) => option in FIXED && value !== undefined);
  // Only fields of the same options, with their own values.
  return { ...wanted, ...Object.fromEntries(fixed) } as ResilienceModuleOptions;
}
