import { describe, expect, it } from '@jest/globals';
import { Observable } from 'rxjs';
import type { CallContext } from '../../../lib/core/call.js';
import { composeObservable } from '../../../lib/rxjs/index.js';
import { hang, PipelineWorld } from '../../support/pipeline-world.js';

describe('a time limit around a hedged stream', () => {
  it('is what the subscriber hears of, also where the first attempt failed and the second waits for its turn', async () => {
    const world = new PipelineWorld();
    const pipeline = world.pipeline({
      timeLimiter: { totalTimeout: 100 },
      hedge: { delay: 10 },
      rateLimiter: { type: 'smooth', limit: 1, window: 500, maxWaitDuration: 500 },
    });

    const stream = world.startStream(pipeline, () => world.errorAfter(50));
    await world.clock.runAll();

    expect(stream).toMatchObject({ error: { timeoutMs: 100 }, endedMs: 100 });
  });

  it('is what a retry around the hedge has given up with, as of a promise', async () => {
    const policies = {
      timeLimiter: { totalTimeout: 100 },
      retry: { budget: false },
      hedge: { delay: 10, budget: false },
      rateLimiter: { type: 'smooth', limit: 1, window: 500, maxWaitDuration: 500 },
    } as const;
    const givenUpBy = async (how: 'start' | 'startStream'): Promise<unknown[]> => {
      const world = new PipelineWorld();
      world[how](world.pipeline(policies), () => world.errorAfter(50));
      await world.clock.runAll();
      return world.events.of('retry.gave-up').map(({ reason, error }) => [reason, error]);
    };
    const timedOut = expect.objectContaining({ code: 'RESILIENCE_TIMEOUT_EXCEEDED', timeoutMs: 100 });

    expect(await givenUpBy('start')).toEqual([['deadline', timedOut]]);
    expect(await givenUpBy('startStream')).toEqual([['deadline', timedOut]]);
  });

  it('ends with the limit, whatever the stream still says when its signal aborts', async () => {
    const world = new PipelineWorld();
    const pipeline = world.pipeline({ timeLimiter: { totalTimeout: 100 } });
    const told: unknown[] = [];
    const answersItsEnd = (call: CallContext): Observable<string> =>
      new Observable((subscriber) => {
        call.signal.addEventListener('abort', () => {
          subscriber.next('late');
          subscriber.complete();
        });
      });

    composeObservable(pipeline)(answersItsEnd, []).subscribe({
      next: (value) => told.push(value),
      error: ({ code }) => told.push(code),
      complete: () => told.push('end'),
    });
    await world.clock.runAll();

    expect(told).toEqual(['RESILIENCE_TIMEOUT_EXCEEDED']);
  });

  it('is the reason of every signal inside of it, under a limit of the attempt as well', async () => {
    const world = new PipelineWorld();
    const pipeline = world.pipeline({
      timeLimiter: { totalTimeout: 150, attemptTimeout: 100 },
      retry: { budget: false, backoff: { type: 'fixed', initialDelay: 0 } },
    });

    const { signals } = world.startStream(pipeline, () => hang());
    await world.clock.runAll();

    expect(signals.map(({ reason }) => (reason as { timeoutMs?: number }).timeoutMs)).toEqual([100, 150]);
  });
});
