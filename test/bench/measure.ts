/** Makes so many calls, one after the other. */
export type Loop = (count: number) => Promise<void>;

/** One thing to measure. */
export interface Row {
  /** What the report knows it by. */
  readonly id: string;
  readonly loop: Loop;
  /** What it is compared with. */
  readonly baseline: Loop;
}

/** How long is measured. */
export interface Effort {
  readonly rounds: number;
  readonly batchMs: number;
  /** The compiler has seen enough after so much time and so many calls. */
  readonly warmUpMs: number;
  readonly warmUpCalls: number;
  /** Calls of a batch whose bytes are counted; all of them fit into a young generation. */
  readonly bytesCalls: number;
  /** How long many breakers are watched doing nothing. */
  readonly idleMs: number;
  /** Calls in the large window. */
  readonly largeWindow: number;
}

/** What one row has cost. */
export interface Cost {
  readonly ns: number;
  readonly baselineNs: number;
  /** Median of the rounds' ratios to the baseline. */
  readonly ratio: number;
  /** Lower and upper quartile of the rounds' ratios. */
  readonly spread: readonly [number, number];
}

/** A row with the numbers of calls that fill a batch. */
interface Prepared extends Row {
  readonly count: number;
  readonly baselineCount: number;
  readonly samples: { ns: number; baselineNs: number }[];
}

/**
 * A loop of its own for each row, so that no row lives with what the engine has learned from another. `prelude`
 * and `call` are source text in which `target` and `tools` are known.
 */
export function loopOf(id: string, call: string, target: object, tools: object = {}): Loop {
  const source = `/* ${id} */ return async (count) => { for (let index = 0; index < count; index += 1) { ${call} } };`;
  // The only way to have the same code twice without sharing its feedback.
  return new Function('target', 'tools', source)(target, tools) as Loop;
}

/** All rows in turn, round after round; each batch stands beside one of its baseline. */
export async function measure(rows: readonly Row[], effort: Effort): Promise<Map<string, Cost>> {
  const prepared: Prepared[] = [];
  for (const row of rows) {
    const baselineCount = await fill(row.baseline, effort);
    prepared.push({ ...row, baselineCount, count: await fill(row.loop, effort), samples: [] });
  }
  const { rounds } = effort;
  for (let round = 0; round < rounds; round += 1) {
    for (const { loop, count, baseline, baselineCount, samples } of prepared) {
      const before = await time(baseline, baselineCount);
      const ns = await time(loop, count);
      const after = await time(baseline, baselineCount);
      samples.push({ ns, baselineNs: (before + after) / 2 });
    }
  }
  return new Map(prepared.map(({ id, samples }) => [id, costOf(samples)]));
}

/** Heap bytes per call; needs a young generation that holds a whole batch, and `gc`. */
export async function measureBytes(rows: readonly Row[], effort: Effort): Promise<Map<string, number>> {
  const bytes = new Map<string, number>();
  for (const { id, loop } of rows) {
    await loop(effort.warmUpCalls / 4);
    const samples: number[] = [];
    for (let round = 0; round < effort.rounds / 3; round += 1) {
      globalThis.gc?.();
      const before = process.memoryUsage().heapUsed;
      await loop(effort.bytesCalls);
      samples.push((process.memoryUsage().heapUsed - before) / effort.bytesCalls);
    }
    bytes.set(id, median(samples));
  }
  return bytes;
}

/** The middle one. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value below which that share of them is. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
}

function costOf(samples: Prepared['samples']): Cost {
  const ratios = samples.map(({ ns, baselineNs }) => ns / baselineNs);
  return {
    ns: median(samples.map(({ ns }) => ns)),
    baselineNs: median(samples.map(({ baselineNs }) => baselineNs)),
    ratio: median(ratios),
    spread: [quantile(ratios, 0.25), quantile(ratios, 0.75)],
  };
}

/** Warms the loop up, and finds how many calls fill a batch. */
async function fill(loop: Loop, { batchMs, warmUpMs, warmUpCalls }: Effort): Promise<number> {
  let count = 200;
  let ns = 0;
  let calls = 0;
  const endMs = performance.now() + warmUpMs;
  // A row of a hundred microseconds a call takes too long to make so many.
  const latestMs = endMs + 10 * warmUpMs;
  while (performance.now() < endMs || (calls < warmUpCalls && performance.now() < latestMs)) {
    ns = await time(loop, count);
    calls += count;
    if (ns * count < batchMs * 1e6) count *= 2;
  }
  return Math.max(10, Math.round((batchMs * 1e6) / ns));
}

/** Nanoseconds of processor time per call: what others do on the machine meanwhile is not counted. */
async function time(loop: Loop, count: number): Promise<number> {
  const began = process.cpuUsage();
  await loop(count);
  const { user, system } = process.cpuUsage(began);
  return (1_000 * (user + system)) / count;
}
