import type { Policy } from './client.js';
import { onClockOf } from './global-clock.js';
import { World } from './world.js';

/** Experiment 2: an open-loop load, a server that is slow for a while, and what the clients make of it. */
export interface OverloadModel {
  /** Calls per second of all clients together. */
  readonly callsPerSecond: number;
  readonly clients: number;
  /** Requests per second that the server can do. */
  readonly capacity: number;
  readonly trigger: { readonly fromMs: number; readonly untilMs: number; readonly factor: number };
  readonly endMs: number;
}

export const OVERLOAD: OverloadModel = {
  callsPerSecond: 700,
  clients: 20,
  capacity: 1_000,
  trigger: { fromMs: 30_000, untilMs: 40_000, factor: 0.2 },
  endMs: 150_000,
};

/** Of the load: what counts as recovered, and for how long it must last. */
const RECOVERED = { part: 0.95, seconds: 5 };
const AFTER_TRIGGER_MS = 30_000;
/** After this a client gives an attempt up. */
export const ATTEMPT_TIMEOUT_MS = 1_000;

export interface Overload {
  /** Calls that succeeded in each second. */
  readonly goodput: readonly number[];
  /** Seconds from the end of the trigger; undefined for never. */
  readonly recoveryS: number | undefined;
  /** Attempts per call from the beginning of the trigger to 30 s after its end. */
  readonly load: number;
}

/** First in, first out, without bound; it also works for those who have given up. */
class Server {
  /** When it will have done all that it has got. */
  private freeAtMs = 0;

  constructor(
    private readonly world: World,
    private readonly model: OverloadModel,
  ) {}

  /** Resolves when the request is done. */
  request(): Promise<void> {
    const begunMs = Math.max(this.world.nowMs, this.freeAtMs);
    this.freeAtMs = this.doneAtMs(begunMs, this.world.chance.exponential(1));
    const waitMs = this.freeAtMs - this.world.nowMs;
    // Nobody is there any more to hear of it: one event less to simulate.
    return waitMs > ATTEMPT_TIMEOUT_MS ? new Promise(() => undefined) : this.world.wait(waitMs);
  }

  /** When so much work is done that begins at a time, at the speed that the server has from then on. */
  private doneAtMs(begunMs: number, work: number): number {
    const { capacity, trigger } = this.model;
    const phases = [
      { untilMs: trigger.fromMs, factor: 1 },
      { untilMs: trigger.untilMs, factor: trigger.factor },
    ];
    let atMs = begunMs;
    let left = work;
    for (const { untilMs, factor } of phases) {
      const perMs = (capacity * factor) / 1_000;
      if (atMs + left / perMs <= untilMs) return atMs + left / perMs;
      left -= Math.max(0, untilMs - atMs) * perMs;
      atMs = Math.max(atMs, untilMs);
    }
    return atMs + (left * 1_000) / capacity;
  }
}

/** What is counted of one run. */
class Tally {
  readonly goodput: number[];
  private calls = 0;
  private attempts = 0;

  constructor(
    private readonly world: World,
    private readonly model: OverloadModel,
  ) {
    this.goodput = Array.from({ length: Math.ceil(model.endMs / 1_000) }, () => 0);
  }

  get load(): number {
    return this.attempts / this.calls;
  }

  readonly succeeded = (): void => {
    const second = Math.floor(this.world.nowMs / 1_000);
    this.goodput[second] = (this.goodput[second] ?? 0) + 1;
  };

  called(): void {
    if (this.isMeasured()) this.calls += 1;
  }

  attempted(): void {
    if (this.isMeasured()) this.attempts += 1;
  }

  private isMeasured(): boolean {
    const { fromMs, untilMs } = this.model.trigger;
    return this.world.nowMs >= fromMs && this.world.nowMs < untilMs + AFTER_TRIGGER_MS;
  }
}

/** One run. */
export function overload(policy: Policy, model: OverloadModel, seed: number): Promise<Overload> {
  const world = new World(seed);
  return onClockOf(world, policy, () => simulate(world, policy, model));
}

async function simulate(world: World, { make }: Policy, model: OverloadModel): Promise<Overload> {
  const server = new Server(world, model);
  const tally = new Tally(world, model);
  const clients = Array.from({ length: model.clients }, () => make(world));
  const send = (): Promise<void> => {
    tally.attempted();
    return server.request();
  };
  world.arrivals(model.callsPerSecond, model.endMs, () => {
    const client = clients[Math.floor(world.chance.next() * clients.length)];
    tally.called();
    client?.(send).then(tally.succeeded, () => undefined);
  });
  await world.run(model.endMs - 1e-6);
  return { goodput: tally.goodput, recoveryS: recoveryOf(tally.goodput, model), load: tally.load };
}

/** The first whole second after the trigger from which on the following seconds are as good as before. */
function recoveryOf(goodput: readonly number[], model: OverloadModel): number | undefined {
  const from = Math.ceil(model.trigger.untilMs / 1_000);
  const seconds = goodput.length - RECOVERED.seconds - from;
  const found = Array.from({ length: Math.max(0, seconds + 1) }, (_, index) => index).find(
    (index) => meanOf(goodput, from + index, RECOVERED.seconds) >= RECOVERED.part * model.callsPerSecond,
  );
  return found;
}

/** The mean of so many seconds. */
export function meanOf(goodput: readonly number[], from: number, seconds: number): number {
  const part = goodput.slice(from, from + seconds);
  return part.reduce((sum, each) => sum + each, 0) / part.length;
}
