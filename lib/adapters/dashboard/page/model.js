/** What the page knows; told by frames of the stream, and by nothing else. */

/** Seconds that are shown. */
export const SECONDS = 60;
/** Seconds over which rates are taken. */
export const RATE_SECONDS = 10;
const LINES = 200;

/** What is counted per second, as its row tells it after the second. */
export const FIELDS = ['success', 'failure', 'rejected', 'fallback', 'retries', 'sumMs'];

export class Model {
  constructor() {
    this.about = undefined;
    this.second = 0;
    this.atMs = 0;
    this.operations = new Map();
    this.gauges = { breakers: [], budgets: [], bulkheads: [], limiters: [], totals: {}, chaos: [] };
    this.kinds = {};
    this.lines = [];
  }

  /** What is known of the process and its methods: begins a new story if it is another process. */
  catalogue(catalogue) {
    const { about, methods } = catalogue;
    const isAnother = this.about?.token !== about.token;
    if (isAnother) this.operations.clear();
    if (isAnother) this.lines = [];
    this.about = about;
    for (const entry of methods) this.of(entry.index).entry = entry;
  }

  /** Everything, as it is now. */
  state(frame) {
    for (const operation of this.operations.values()) operation.rows.clear();
    this.delta(frame);
  }

  /** What has changed. What is told twice is the same as told once. */
  delta(frame) {
    const { second, atMs, operations, kinds, lines, breakers, budgets, bulkheads, limiters, totals } = frame;
    Object.assign(this, { second, atMs, kinds });
    this.gauges = { breakers, budgets, bulkheads, limiters, totals, chaos: frame.chaos ?? [] };
    for (const told of operations) this.tell(told);
    const last = this.lines.at(-1)?.number ?? 0;
    this.lines.push(...lines.filter((line) => line.number > last));
    this.lines = this.lines.slice(-LINES);
  }

  of(index) {
    const known = this.operations.get(index);
    if (known !== undefined) return known;
    const made = { index, entry: undefined, rows: new Map(), calls: {}, events: {}, latency: undefined };
    this.operations.set(index, made);
    return made;
  }

  tell({ index, calls, events, latency, rows }) {
    const operation = this.of(index);
    Object.assign(operation, { calls, events, latency });
    for (const [second, ...numbers] of rows) operation.rows.set(second, numbers);
    for (const second of operation.rows.keys()) {
      if (second < this.second - SECONDS) operation.rows.delete(second);
    }
  }

  /** One number of the last minute, second by second. */
  series(operations, field) {
    const index = FIELDS.indexOf(field);
    const series = Array.from({ length: SECONDS }, () => 0);
    const first = this.second - SECONDS;
    for (const { rows } of operations) {
      for (const [second, numbers] of rows) {
        if (second >= first && second < this.second) series[second - first] += numbers[index];
      }
    }
    return series;
  }

  /** Sums of the last ten seconds. */
  recent(operation) {
    const sums = Object.fromEntries(FIELDS.map((field) => [field, 0]));
    for (let second = this.second - RATE_SECONDS; second < this.second; second += 1) {
      const numbers = operation.rows.get(second);
      if (numbers === undefined) continue;
      FIELDS.forEach((field, index) => (sums[field] += numbers[index]));
    }
    const calls = sums.success + sums.failure + sums.rejected + sums.fallback;
    return { ...sums, calls, successShare: calls === 0 ? undefined : sums.success / calls };
  }

  /** The operations that the page shows. */
  shown() {
    return [...this.operations.values()].filter(({ entry }) => entry !== undefined);
  }

  breakerOf(operation) {
    const name = operation.entry?.uses.circuitBreaker;
    return name === undefined ? undefined : this.gauges.breakers.find((each) => each.name === name);
  }
}
