import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { OPERATION } from '../support/pipeline-world.js';
import { LibraryRun } from './library.js';
import { Model } from './model/model.js';
import { scripts } from './arbitrary-scripts.js';
import { SETTINGS, TIMEOUT_MS } from './settings.js';

describe('random pipelines, outcomes, aborts, unsubscribes and clock steps', () => {
  it(
    'come to what the plain model of the rules says: calls, events, permits and counters',
    async () => {
      await fc.assert(
        fc.asyncProperty(scripts, async (script) => {
          const run = new LibraryRun(script);
          const expected = new Model(script, OPERATION, run.world.clock.wallMs()).run();

          expect(await run.run()).toEqual(expected);
          expect(run.world.clock.allTimers).toBe(0);
          expect(run.world.reports).toEqual([]);
        }),
        SETTINGS,
      );
    },
    TIMEOUT_MS,
  );
});
