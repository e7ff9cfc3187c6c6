import { ours, type Policy } from './client.js';
import { World } from './world.js';

/** Experiment 1, the shape of the AWS jitter study of 2015: N clients write one row, each on condition. */
export interface Contention {
  /** Until all are done. */
  readonly completionMs: number;
  readonly writes: number;
}

const HOP = { meanMs: 10, deviationMs: 2 };
const CAP_MS = 2_000;
const FIRST = { exponentialMs: 10, decorrelatedMs: 5 };

type Backoff = NonNullable<Exclude<Parameters<typeof ours>[0]['retry'], string | undefined>['backoff']>;

function backingOff(id: string, title: string, backoff: Backoff): Policy {
  const retry = { maxAttempts: Number.MAX_SAFE_INTEGER, budget: false, backoff } as const;
  return { id, title, origin: 'ours', make: ours({ retry }) };
}

const exponential = { type: 'exponential', initialDelay: FIRST.exponentialMs, maxDelay: CAP_MS } as const;
/** The cap leaves room for the jitter. */
const plusMinus = (ratio: number): Backoff => ({
  ...exponential,
  maxDelay: CAP_MS * (1 + ratio),
  jitter: ratio,
});

/** The backoffs of the study, and those that were proposed for this library. */
export const BACKOFFS: readonly Policy[] = [
  backingOff('none', 'no delay', { type: 'fixed', initialDelay: 0, jitter: 'none' }),
  backingOff('exponential', 'exponential, no jitter', { ...exponential, jitter: 'none' }),
  backingOff('equal', 'equal jitter', { ...exponential, jitter: 'equal' }),
  backingOff('full', 'full jitter (default)', { ...exponential, jitter: 'full' }),
  backingOff('decorrelated', 'decorrelated', {
    type: 'decorrelated',
    initialDelay: FIRST.decorrelatedMs,
    maxDelay: CAP_MS,
  }),
  backingOff('25', '±25 %', plusMinus(0.25)),
  backingOff('20', '±20 %', plusMinus(0.2)),
];

/** The row, a network away. */
class Row {
  writes = 0;
  private version = 0;

  constructor(private readonly world: World) {}

  /** Reads the version and writes on condition that it is unchanged. */
  async change(): Promise<void> {
    const seen = await this.read();
    if (!(await this.write(seen))) throw new Error('somebody else was faster');
  }

  private async read(): Promise<number> {
    await this.hop();
    const { version } = this;
    await this.hop();
    return version;
  }

  private async write(seen: number): Promise<boolean> {
    await this.hop();
    this.writes += 1;
    const isUnchanged = seen === this.version;
    if (isUnchanged) this.version += 1;
    await this.hop();
    return isUnchanged;
  }

  private hop(): Promise<void> {
    return this.world.wait(Math.abs(this.world.chance.normal(HOP.meanMs, HOP.deviationMs)));
  }
}

/** One run with so many clients. */
export async function contention({ make }: Policy, clients: number, seed: number): Promise<Contention> {
  const world = new World(seed);
  const row = new Row(world);
  const calls = Array.from({ length: clients }, () => make(world)(() => row.change()));
  let completionMs = 0;
  const all = Promise.all(calls).then(() => (completionMs = world.nowMs));
  await world.until(all);
  return { completionMs, writes: row.writes };
}
