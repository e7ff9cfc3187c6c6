import { describe, expect, it } from '@jest/globals';
import { PipelineWorld } from '../../support/pipeline-world.js';

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
});
