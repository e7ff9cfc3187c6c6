/** How one call went. */
export interface CallReport {
  readonly runsAt: readonly number[];
  readonly values: readonly string[];
  /** Its failure, or that it has come to its end; `undefined` while it runs, and where it was left. */
  readonly outcome?: string;
  readonly endedMs?: number;
}

/** Everything that can be told of a run; events of one moment are in no order. */
export interface Report {
  readonly calls: readonly CallReport[];
  readonly events: readonly string[];
  readonly gauges: readonly string[];
}

/** Facts in one line, in the order of their names. */
export function lineOf(facts: object): string {
  const sorted = Object.entries(facts).filter(([, value]) => value !== undefined);
  return JSON.stringify(Object.fromEntries(sorted.sort(([one], [other]) => (one < other ? -1 : 1))));
}

/** Something that happened, and when. */
export interface Told {
  readonly atMs: number;
  readonly line: string;
}

/** In the order of moments; what happened in one moment is in no order of its own. */
export function inMoments(told: readonly Told[]): readonly string[] {
  const sorted = [...told].sort((one, other) => one.atMs - other.atMs || (one.line < other.line ? -1 : 1));
  return sorted.map(({ line }) => line);
}

/**
 * The balance of a budget in thousandths: the account counts whole billionths, the model does not. The offset keeps
 * the sums that are usual, as halves and sixteenths, away from the border between two thousandths.
 */
export const balanceOf = (balance: number): number => Math.floor(balance * 1_000 + 0.3) / 1_000;
