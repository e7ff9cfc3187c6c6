import type { CanActivate, DynamicModule, ForwardReference, Type } from '@nestjs/common';
import { OptionCheck } from '../../core/index.js';

/** Who may do something: a guard of Nest, as a class that Nest builds or as an object. */
export type DashboardGuard = Type<CanActivate> | CanActivate;

/** Options of {@link ResilienceDashboardModule.forRoot}. */
export interface ResilienceDashboardOptions {
  /**
   * Where the page is, below the application's global prefix.
   *
   * @defaultValue 'resilience'
   */
  readonly path?: string;
  /**
   * Who may open and close breakers, change limits and inject chaos from the page.
   *
   * @defaultValue none: the page only shows, and the routes of its controls do not exist
   */
  readonly guard?: DashboardGuard;
  /**
   * Who may look at the page. Names and error messages are on it: where the application faces the internet, give one.
   *
   * @defaultValue none: everybody
   */
  readonly viewGuard?: DashboardGuard;
  /**
   * Modules whose providers the guards need.
   *
   * @defaultValue none
   */
  readonly imports?: readonly (Type | DynamicModule | Promise<DynamicModule> | ForwardReference)[];
  /**
   * What the page calls the application, at most 80 characters.
   *
   * @defaultValue the name of the machine
   */
  readonly title?: string;
  /**
   * The most pages that may look at the same time.
   *
   * @defaultValue 32
   */
  readonly maxViewers?: number;
}

/** Options of the page, filled and checked. */
export interface ResolvedDashboardOptions {
  /** Without slashes at its ends. */
  readonly path: string;
  readonly guard: DashboardGuard | undefined;
  readonly viewGuard: DashboardGuard | undefined;
  readonly title: string | undefined;
  readonly maxViewers: number;
}

/** What holds where nothing is said. */
export const DASHBOARD_DEFAULTS = { path: 'resilience', maxViewers: 32 } as const;

const KNOWN: readonly string[] = [
  'path',
  'guard',
  'viewGuard',
  'imports',
  'title',
  'maxViewers',
] satisfies (keyof ResilienceDashboardOptions)[];
const LONGEST_TITLE = 80;

/**
 * Fills and checks the options of the page.
 *
 * @throws {InvalidOptionsError} with field, value and what would be right
 */
export function resolveDashboardOptions(given: ResilienceDashboardOptions): ResolvedDashboardOptions {
  const check = new OptionCheck('dashboard', 'ResilienceDashboardModule');
  check.onlyKnown(given, KNOWN);
  const { path = DASHBOARD_DEFAULTS.path, maxViewers = DASHBOARD_DEFAULTS.maxViewers, title } = given;
  return {
    path: pathOf(check, path),
    guard: guardOf(check, 'guard', given.guard),
    viewGuard: guardOf(check, 'viewGuard', given.viewGuard),
    title: title === undefined ? undefined : check.text('title', title).slice(0, LONGEST_TITLE),
    maxViewers: check.wholeNumber('maxViewers', maxViewers, 1),
  };
}

function pathOf(check: OptionCheck, path: unknown): string {
  const text = typeof path === 'string' ? path.replaceAll(/^\/+|\/+$/g, '') : '';
  // Wildcards and parameters would make a page that answers for other routes.
  if (/^[\w~.-]+(\/[\w~.-]+)*$/.test(text)) return text;
  return check.refuse('path', path, `must be a path of letters, digits and - . _ ~, as 'admin/resilience'`);
}

function guardOf(
  check: OptionCheck,
  field: string,
  guard: DashboardGuard | undefined,
): DashboardGuard | undefined {
  if (guard === undefined || typeof guard === 'function' || isGuard(guard)) return guard;
  return check.refuse(field, guard, 'must be a guard: a class or an object with canActivate');
}

function isGuard(guard: unknown): guard is CanActivate {
  return typeof guard === 'object' && guard !== null && 'canActivate' in guard;
}
