import { describe, expect, it } from '@jest/globals';
import { EventHub } from '../../../lib/core/event-hub.js';

const base = { operation: 'A.b', policy: 'retry', attempt: 1, delayMs: 0 } as const;
const hubAt = (wallMs: number): EventHub => new EventHub({ wallMs: () => wallMs });

describe('EventHub', () => {
  it('tells an event that a listener caused after the one it was told of, to all listeners', () => {
    const hub = hubAt(5);
    const heard: string[] = [];
    hub.listen((event) => {
      if (event.kind === 'retry.scheduled') {
        hub.emit({ kind: 'budget.refused', operation: 'A.b', policy: 'retry', budget: 'default' });
      }
    });
    hub.listen((event) => heard.push(event.kind));

    hub.emit({ kind: 'retry.scheduled', ...base });

    expect(heard).toEqual(['retry.scheduled', 'budget.refused']);
  });

  it('reports a listener that throws, and tells the others', () => {
    const hub = hubAt(5);
    const heard: number[] = [];
    const reported: string[] = [];
    hub.onReport((what) => reported.push(what));
    hub.listen(() => {
      throw new Error('listener');
    });
    hub.listen((event) => heard.push(event.timestampMs));

    hub.emit({ kind: 'retry.scheduled', ...base });
    hub.emit({ kind: 'retry.scheduled', ...base });

    expect(heard).toEqual([5, 5]);
    expect(reported).toEqual(['a listener of retry.scheduled', 'a listener of retry.scheduled']);
  });
});
