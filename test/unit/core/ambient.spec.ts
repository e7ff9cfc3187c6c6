import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createPolicies } from '../../../lib/engine.js';
import { UnsafeRequests } from '../../../lib/nest/http/unsafe-requests.js';
import { RunningKeys } from '../../../lib/pipeline/idempotent-conversations.js';
import { ManualClock } from '../../../lib/testing/index.js';

const { run } = AsyncLocalStorage.prototype;

/** The storages that are in use: Node pays for each with every `await` of the process, and keeps it for good. */
function storagesInUse(): Set<unknown> {
  const storages = new Set<unknown>();
  AsyncLocalStorage.prototype.run = function counting(this: AsyncLocalStorage<unknown>, ...args: never[]) {
    storages.add(this);
    return Reflect.apply(run, this, args);
  } as typeof run;
  return storages;
}

function application(clock: ManualClock) {
  const policies = createPolicies({ clock });
  return {
    limited: policies.guard('Outer.limited', { timeLimiter: { totalTimeout: 1_000 } }),
    patient: policies.guard('Inner.patient', { timeLimiter: { totalTimeout: 5_000 } }),
  };
}

afterEach(() => {
  AsyncLocalStorage.prototype.run = run;
});

describe('the call around the running code', () => {
  it('costs the process one storage, whatever is looked for, and however many applications it has had', async () => {
    const storages = storagesInUse();
    const clock = new ManualClock();

    for (let made = 0; made < 3; made += 1) {
      const [running, requests] = [new RunningKeys(), new UnsafeRequests()];
      await application(clock).limited(async () => 'done');
      await running.inside(running.begin('key'), async () => 'done', undefined);
      await requests.answer(new Set(), async () => 'done');
    }

    expect(storages.size).toBe(1);
  });

  it('binds what was begun inside of it by its deadline only as long as it runs', async () => {
    const clock = new ManualClock();
    const policies = createPolicies({ clock });
    const limited = policies.guard('Outer.limited', { timeLimiter: { totalTimeout: 1_000 } });
    const backoff = { type: 'fixed', initialDelay: 5_000, jitter: 'none' } as const;
    const background = policies.guard('Inner.background', { retry: { backoff } });
    let runs = 0;
    let left: Promise<string> | undefined;
    const task = async (): Promise<string> => {
      runs += 1;
      await new Promise((resolve) => clock.schedule(100, () => resolve(undefined)));
      if (runs === 1) throw new Error('busy');
      return 'done';
    };

    await limited(async () => void (left = background(task)));
    await clock.runAll();

    expect([await left, runs]).toEqual(['done', 2]);
  });

  it('is that of the own application, also where a call of another stands in between', async () => {
    const clock = new ManualClock();
    const [one, other] = [application(clock), application(clock)];
    let left: (number | undefined)[] = [];

    await one.limited(() =>
      other.patient(async (foreign) => {
        left = [foreign.remainingMs];
        await one.patient(async (own) => left.push(own.remainingMs));
        await other.limited(async (nested) => left.push(nested.remainingMs));
      }),
    );

    expect(left).toEqual([5_000, 1_000, 1_000]);
  });
});
