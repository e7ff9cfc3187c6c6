import type { ManualClock } from 'nestjs-selfheal/testing';
import type { Policy } from './client.js';
import type { World } from './world.js';

/** What libraries that know no clock of their own ask for time and chance. */
const REPLACED = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] as const;

class GlobalTimer {
  private timer: { cancel(): void };

  constructor(
    private readonly clock: ManualClock,
    private readonly run: () => void,
    private readonly repeatMs?: number,
    delayMs = repeatMs ?? 0,
  ) {
    this.timer = clock.schedule(delayMs, () => this.ring(), { detached: true });
  }

  cancel(): void {
    this.timer.cancel();
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  private ring(): void {
    const { repeatMs } = this;
    if (repeatMs !== undefined) {
      this.timer = this.clock.schedule(repeatMs, () => this.ring(), { detached: true });
    }
    this.run();
  }
}

type Task = (...args: readonly unknown[]) => void;

function timersOf(clock: ManualClock) {
  const cancel = (timer: unknown): void => {
    if (timer instanceof GlobalTimer) timer.cancel();
  };
  return {
    setTimeout: (task: Task, delayMs = 0, ...args: readonly unknown[]) =>
      new GlobalTimer(clock, () => task(...args), undefined, delayMs),
    setInterval: (task: Task, everyMs = 0, ...args: readonly unknown[]) =>
      new GlobalTimer(clock, () => task(...args), everyMs),
    clearTimeout: cancel,
    clearInterval: cancel,
  };
}

/** Runs something; a library that takes no clock finds the process's timers, date and chance to be the world's. */
export async function onClockOf<T>(world: World, policy: Policy, run: () => Promise<T>): Promise<T> {
  if (policy.origin !== 'run for real') return run();
  const { clock } = world;
  const originals = REPLACED.map(
    (name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const,
  );
  const { now } = Date;
  const { random } = Math;
  const timers = timersOf(clock);
  for (const name of REPLACED) {
    Object.defineProperty(globalThis, name, { configurable: true, writable: true, value: timers[name] });
  }
  Date.now = () => clock.wallMs();
  Math.random = () => clock.random();
  try {
    return await run();
  } finally {
    for (const [name, original] of originals) Object.defineProperty(globalThis, name, original ?? {});
    Date.now = now;
    Math.random = random;
  }
}
