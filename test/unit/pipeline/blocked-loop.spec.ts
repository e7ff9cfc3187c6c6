import { describe, expect, it } from '@jest/globals';
import { firstValueFrom, of, throwError } from 'rxjs';
import { Compiler, FUNCTIONS, Pipeline, Policies, type PolicyOptions } from '../../../lib/pipeline/index.js';
import { composeObservable } from '../../../lib/rxjs/index.js';
import { ManualClock } from '../../../lib/testing/manual-clock.js';

const BLOCKED_MS = 200;
const LIMIT_MS = 100;
const RETRIED = {
  maxDuration: LIMIT_MS,
  backoff: { type: 'fixed', initialDelay: 0, jitter: 'none' },
} as const;

/** What other work does to the machine's clock when it holds the thread: no timer rings that would renew it. */
class BlockedClock extends ManualClock {
  override coarseMs(): number {
    return this.nowMs() - BLOCKED_MS;
  }
}

/** A pipeline of functions whose calls begin at such a moment. */
async function afterOtherWork(policies: PolicyOptions): Promise<Pipeline> {
  const clock = new BlockedClock();
  const { engine } = new Policies({ clock });
  const { steps } = new Compiler(engine, { operation: 'Quotes.get', policies }).compile();
  await clock.advance(BLOCKED_MS);
  return new Pipeline({ operation: 'Quotes.get', steps, environment: engine.environment, target: FUNCTIONS });
}

describe('a call that begins when other work has blocked the event loop', () => {
  it('has the whole of its time limit, also where it may be hedged', async () => {
    const pipeline = await afterOtherWork({ hedge: { delay: 1_000 }, timeLimiter: LIMIT_MS });

    await expect(pipeline.call(async () => 'ok', [])).resolves.toBe('ok');
  });

  it('has the whole of its time for retries', async () => {
    const pipeline = await afterOtherWork({ retry: RETRIED });
    let runs = 0;
    const failsOnce = async (): Promise<string> => {
      runs += 1;
      if (runs === 1) throw new Error('once');
      return 'ok';
    };

    await expect(pipeline.call(failsOnce, [])).resolves.toBe('ok');
  });

  it('has the whole of its time for retries as a stream too', async () => {
    const pipeline = await afterOtherWork({ retry: RETRIED });
    let runs = 0;
    const failsOnce = (): unknown => {
      runs += 1;
      return runs === 1 ? throwError(() => new Error('once')) : of('ok');
    };

    await expect(firstValueFrom(composeObservable(pipeline)(failsOnce, []))).resolves.toBe('ok');
  });
});
