/**
 * A span of time: milliseconds as a number, or a number with a unit.
 *
 * @example `250`, `'250ms'`, `'2s'`, `'1.5s'`, `'5m'`, `'24h'`, `'7d'`
 */
export type Duration = number | `${number}ms` | `${number}s` | `${number}m` | `${number}h` | `${number}d`;

const PATTERN = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Milliseconds of a well-formed duration; `undefined` for everything else, negative ones included. */
export function parseDuration(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) && value >= 0 ? value : undefined;
  if (typeof value !== 'string') return undefined;
  const [, amount, unit] = PATTERN.exec(value) ?? [];
  if (amount === undefined || unit === undefined) return undefined;
  const milliseconds = Number(amount) * (UNIT_MS[unit] ?? Number.NaN);
  return Number.isFinite(milliseconds) ? milliseconds : undefined;
}
