import { describe, expect, it } from '@jest/globals';
import { lookAtBoot } from '../../../../lib/policies/idempotency/boot-look.js';
import { ManualClock } from '../../../../lib/testing/index.js';

const REFUSED = new Error('connect ECONNREFUSED');

/** A server whose answers are given by hand. */
function server(clock: ManualClock) {
  const asked: { readonly answer: (seen: string) => void; readonly fail: (error: unknown) => void }[] = [];
  const controller = new AbortController();
  const look = () => new Promise<string>((answer, fail) => asked.push({ answer, fail }));
  const begin = (again?: (error: unknown) => boolean): Promise<string | undefined> =>
    lookAtBoot(look, { clock, signal: controller.signal, ...(again && { again }) });
  return { asked, begin, controller };
}

const isRefused = (error: unknown): boolean => error === REFUSED;

describe("a store's look at its server at boot", () => {
  it('gives what it sees', async () => {
    const clock = new ManualClock();
    const { asked, begin } = server(clock);
    const seen = begin();
    asked[0]?.answer('noeviction');

    expect(await seen).toBe('noeviction');
    expect(clock.allTimers).toBe(0);
  });

  it('is taken again soon after a failure that may pass, and ends with any other', async () => {
    const clock = new ManualClock();
    const { asked, begin } = server(clock);
    const seen = begin(isRefused);
    asked[0]?.fail(REFUSED);
    await clock.advance(25);
    asked[1]?.fail(new Error('no permission'));

    expect(await seen).toBeUndefined();
    expect([asked.length, clock.allTimers]).toEqual([2, 0]);
  });

  it.each([
    ['its second is over', (clock: ManualClock) => clock.advance(1_000)],
    ['nobody waits any more', (_: ManualClock, { abort }: { abort: () => void }) => abort()],
  ])('is not taken again for a failure that is heard when %s', async (_, pass) => {
    const clock = new ManualClock();
    const { asked, begin, controller } = server(clock);
    const seen = begin(isRefused);
    await pass(clock, { abort: () => controller.abort() });
    expect(await seen).toBeUndefined();

    asked[0]?.fail(REFUSED);
    await clock.advance(1_000);

    expect([asked.length, clock.allTimers]).toEqual([1, 0]);
  });
});
