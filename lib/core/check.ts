import { type Duration, parseDuration } from './duration.js';
import { InvalidOptionsError } from './errors.js';

/** Shows a value in a message, short and without running code of the value. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
  if (typeof value === 'function') return `function ${value.name || '(anonymous)'}`;
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  return String(value);
}

/** Checks the options of one policy of one method; every refusal names policy, field, value and remedy. */
export class OptionCheck {
  constructor(
    private readonly policy: string,
    private readonly operation: string,
  ) {}

  /** @throws {InvalidOptionsError} always; `expected` ends the sentence, as `must be …` */
  refuse(field: string, value: unknown, expected: string): never {
    const { policy, operation } = this;
    throw new InvalidOptionsError({
      policy,
      operation,
      field,
      value,
      expected: `${expected}, got ${show(value)}`,
    });
  }

  /** @throws {InvalidOptionsError} unless the value is a whole number, at least `least` */
  wholeNumber(field: string, value: unknown, least: number): number {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least) return value;
    return this.refuse(field, value, `must be a whole number, at least ${least}`);
  }

  /** @throws {InvalidOptionsError} unless the value is a finite number within the bounds, both included */
  number(field: string, value: unknown, least: number, most = Number.POSITIVE_INFINITY): number {
    if (typeof value === 'number' && Number.isFinite(value) && value >= least && value <= most) return value;
    const range = most === Number.POSITIVE_INFINITY ? `at least ${least}` : `from ${least} to ${most}`;
    return this.refuse(field, value, `must be a number ${range}`);
  }

  /** A share in (0, 1]. @throws {InvalidOptionsError} with a hint where a percentage was meant */
  ratio(field: string, value: unknown): number {
    if (typeof value === 'number' && value > 0 && value <= 1) return value;
    const isPercentage = typeof value === 'number' && value > 1 && value <= 100;
    // Rounded: a hundredth of 1.1 is not what anybody would write.
    const hint = isPercentage ? ` (did you mean ${Number((value / 100).toPrecision(6))}?)` : '';
    return this.refuse(field, value, `must be a ratio above 0, at most 1${hint}`);
  }

  /** @throws {InvalidOptionsError} unless the value is a duration of at least `leastMs` */
  durationMs(field: string, value: Duration | undefined, leastMs = 0): number {
    const milliseconds = parseDuration(value);
    if (milliseconds !== undefined && milliseconds >= leastMs) return milliseconds;
    const least = leastMs > 0 ? `, at least ${leastMs} ms` : '';
    return this.refuse(
      field,
      value,
      `must be milliseconds or a text like '250ms', '2s', '5m', '24h', '7d'${least}`,
    );
  }

  /** A duration above zero. @throws {InvalidOptionsError} */
  positiveDurationMs(field: string, value: Duration | undefined): number {
    const milliseconds = parseDuration(value);
    if (milliseconds !== undefined && milliseconds > 0) return milliseconds;
    return this.refuse(
      field,
      value,
      `must be longer than 0: milliseconds or a text like '250ms', '2s', '5m'`,
    );
  }

  /** @throws {InvalidOptionsError} unless the value is one of the words */
  oneOf<W extends string>(field: string, value: unknown, words: readonly W[]): W {
    const word = words.find((candidate) => candidate === value);
    return word ?? this.refuse(field, value, `must be one of ${words.map((each) => `'${each}'`).join(', ')}`);
  }

  /** @throws {InvalidOptionsError} unless the value is true or false */
  flag(field: string, value: unknown): boolean {
    return typeof value === 'boolean' ? value : this.refuse(field, value, 'must be true or false');
  }

  /** @throws {InvalidOptionsError} unless the value is a text that is not empty */
  text(field: string, value: unknown): string {
    return typeof value === 'string' && value !== ''
      ? value
      : this.refuse(field, value, 'must be a text, not empty');
  }

  /** @throws {InvalidOptionsError} unless the value is a function */
  function(field: string, value: unknown): void {
    if (typeof value !== 'function') this.refuse(field, value, 'must be a function');
  }

  /** @throws {InvalidOptionsError} unless the value is a function or missing */
  optionalFunction<F>(field: string, value: F | undefined): F | undefined {
    if (value === undefined || typeof value === 'function') return value;
    return this.refuse(field, value, 'must be a function');
  }

  /** Refuses names that no option has, so that a misspelt one is not silently without effect. */
  onlyKnown(options: unknown, known: readonly string[], path = ''): void {
    if (typeof options !== 'object' || options === null || Array.isArray(options)) {
      this.refuse(path || 'options', options, 'must be an object');
    }
    for (const field of Object.keys(options as object)) {
      if (known.includes(field)) continue;
      const value = (options as Record<string, unknown>)[field];
      this.refuse(path ? `${path}.${field}` : field, value, `is not an option (known: ${known.join(', ')})`);
    }
  }
}
