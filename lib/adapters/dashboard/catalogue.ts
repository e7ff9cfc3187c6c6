import { show } from '../../core/index.js';
import type { DescribedMethod } from '../../nest/index.js';
import { clipped, LONGEST_NAME } from './clipped.js';

/** An option of a policy as the page shows it. */
type ShownOption = readonly [field: string, value: string];

/** What the page knows of a method before anything happens. */
export interface CatalogueEntry {
  /** Its number in what is sent every second. */
  readonly index: number;
  readonly operation: string;
  readonly segments: readonly (readonly string[])[];
  readonly kind: string | undefined;
  readonly isWired: boolean;
  readonly isDecorated: boolean;
  /** Names of shared objects, by policy. */
  readonly uses: Readonly<Record<string, string>>;
}

/** The options of a method, by policy; told when somebody asks, since those of many methods are long. */
export type ShownOptions = readonly (readonly [policy: string, options: readonly ShownOption[]])[];

const MOST_OPTIONS = 24;
const LONGEST_VALUE = 80;
const SHARED = ['circuitBreaker', 'rateLimiter', 'bulkhead'];

/** What the page shows of a decorated method. */
export function describedEntry(index: number, method: DescribedMethod): CatalogueEntry {
  const { operation, segments, kind, wired, options } = method;
  return {
    index,
    operation: clipped(operation, LONGEST_NAME),
    segments,
    kind,
    isWired: wired,
    isDecorated: true,
    uses: usesOf(operation, options),
  };
}

/** The options of a method as the page shows them. */
export function optionsOf({ options }: DescribedMethod): ShownOptions {
  return Object.entries(options).map(([policy, value]) => [policy, shownOptions(value)]);
}

/** What the page shows of an operation that only its calls have told of. */
export function calledEntry(index: number, operation: string): CatalogueEntry {
  const name = clipped(operation, LONGEST_NAME);
  const nothing = { segments: [], kind: undefined, uses: {} };
  return { index, operation: name, isWired: true, isDecorated: false, ...nothing };
}

function usesOf(operation: string, options: Readonly<Record<string, unknown>>): Record<string, string> {
  const uses = SHARED.filter((policy) => isFields(options[policy])).map((policy) => {
    const name = fieldOf(options[policy], 'name');
    return [policy, clipped(typeof name === 'string' ? name : operation, LONGEST_NAME)];
  });
  const budget = fieldOf(options['retry'], 'budget');
  if (typeof budget === 'string') uses.push(['budget', clipped(budget, LONGEST_NAME)]);
  return Object.fromEntries(uses) as Record<string, string>;
}

function shownOptions(value: unknown, path = ''): readonly ShownOption[] {
  if (!isFields(value)) return [[path || 'is', shownValue(value)]];
  const shown = Object.entries(value)
    .filter(([, each]) => each !== undefined)
    .flatMap(([field, each]) => shownField(path === '' ? field : `${path}.${field}`, each));
  return shown.slice(0, MOST_OPTIONS);
}

function shownField(path: string, value: unknown): readonly ShownOption[] {
  // One level of groups, as `backoff.type`.
  if (isFields(value) && !path.includes('.')) return shownOptions(value, path);
  return [[clipped(path, LONGEST_VALUE), shownValue(value)]];
}

function shownValue(value: unknown): string {
  if (Array.isArray(value)) return clipped(value.map(shownItem).join(', '), LONGEST_VALUE);
  return clipped(shownItem(value), LONGEST_VALUE);
}

function shownItem(value: unknown): string {
  return typeof value === 'string' ? value : show(value);
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fieldOf(value: unknown, field: string): unknown {
  return isFields(value) ? value[field] : undefined;
}
