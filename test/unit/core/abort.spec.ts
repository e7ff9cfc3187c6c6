import { getEventListeners } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { onAbort } from '../../../lib/core/abort.js';
import { untilGivenUp } from '../../../lib/core/given-up.js';
import { PipelineWorld } from '../../support/pipeline-world.js';

const MANY = 50;

describe('waiting for the abort of a signal', () => {
  it('tells all in the order in which they came, once', () => {
    const controller = new AbortController();
    const told: string[] = [];
    const twice = (): void => void told.push('twice');
    onAbort(controller.signal, () => told.push('first'));
    onAbort(controller.signal, twice);
    const leave = onAbort(controller.signal, twice);
    onAbort(controller.signal, () => told.push('gone'))();
    leave();
    leave();

    controller.abort();
    controller.abort();

    expect(told).toEqual(['first', 'twice']);
  });

  it('holds nothing of a signal for which nobody waits any more', () => {
    const { signal } = new AbortController();
    const [one, other] = [onAbort(signal, () => undefined), onAbort(signal, () => undefined)];

    one();
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    other();
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('has one listener for all calls that one signal may end, of which Node warns from eleven on', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const pipeline = new PipelineWorld().pipeline({ retry: {} });
    const endless = (): Promise<never> => new Promise(() => undefined);

    const calls = Array.from({ length: MANY }, () =>
      pipeline.run(async (call: { signal: AbortSignal }) => rejectedBy(call.signal), [], { signal }),
    );
    const waits = Array.from({ length: MANY }, () => untilGivenUp(signal, endless));
    const ends = Promise.allSettled([...calls, ...waits]);
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    controller.abort(new Error('shutdown'));

    const reasons = (await ends).map((end) => end.status === 'rejected' && (end.reason as Error).message);
    expect(reasons).toEqual(Array.from({ length: 2 * MANY }, () => 'shutdown'));
  });
});

function rejectedBy(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error));
  });
}
