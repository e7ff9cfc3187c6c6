import type { Chance } from '../sim/chance.js';

/** What one execution does. */
export type Fault = 'none' | 'fails' | 'fails-at-once' | 'is-a-bug' | 'is-slow';

/** Longer than every time limit of the soak. */
const SLOW_MS = 12;
/** So many different keys. */
export const KEYS = 200;

class ServiceUnavailable extends Error {
  readonly status = 503;
}

/** One call of the driver: what its executions will do, and how many there were. */
export interface Script {
  readonly faults: readonly Fault[];
  readonly key: string;
  executions: number;
}

/** Draws what a call will meet. */
export function scriptOf(chance: Chance, possible: readonly Fault[]): Script {
  const draw = (): Fault => possible[Math.floor(chance.next() * possible.length)] ?? 'none';
  return { faults: [draw(), draw(), draw()], key: `key-${Math.floor(chance.next() * KEYS)}`, executions: 0 };
}

/** One execution; the synchronous failure is a method's own, whatever it would have returned. */
export function work(script: Script): Promise<string> {
  const fault = script.faults[Math.min(script.executions, script.faults.length - 1)];
  script.executions += 1;
  switch (fault) {
    case 'fails':
      return Promise.reject(new ServiceUnavailable('later'));
    case 'fails-at-once':
      throw new ServiceUnavailable('at once');
    case 'is-a-bug':
      throw new TypeError('a bug of the method');
    case 'is-slow':
      return new Promise((resolve) => {
        setTimeout(() => resolve('late'), SLOW_MS);
      });
    default:
      return Promise.resolve('done');
  }
}
