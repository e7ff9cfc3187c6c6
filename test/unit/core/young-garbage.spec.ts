import { describe, expect, it } from '@jest/globals';
import { onAbort } from '../../../lib/core/abort.js';
import { Cancellation } from '../../../lib/core/cancellation.js';
import { ApplicationLifetime } from '../../../lib/core/environment.js';
import { PassingMap } from '../../../lib/core/passing-map.js';
import { bytesGrownOld, collectGarbage } from '../../support/garbage.js';

const COMERS = 40_000;
const AT_ONCE = 8;
const FIELDS = 100;
/** Of each who comes, at the very least. */
const LEAST_BYTES = 8 * FIELDS;

/** As much as a call has: all of it together is 32 MB. */
class Comer {
  readonly data = Array.from({ length: FIELDS }, () => 0);
  readonly listener = (): unknown => this.data;
}

/** Lets all come and go, some at a time, as requests do. */
function letPass(enter: (comer: Comer, key: string) => () => unknown): void {
  const leaves: (() => unknown)[] = [];
  for (let number = 0; number < COMERS; number += 1) {
    leaves.push(enter(new Comer(), `key-${number}`));
    if (leaves.length === AT_ONCE) leaves.shift()?.();
  }
  for (const leave of leaves) leave();
}

// What has left must die young: it would be copied twice, and kept until the next collection of everything.
describe('what is long-lived holds nothing of what has left, not even until the next collection', () => {
  it.each<[string, () => (comer: Comer, key: string) => () => unknown]>([
    [
      'a map of what is under way',
      () => {
        const map = new PassingMap<Comer>();
        return (comer, key) => {
          map.set(key, comer);
          return () => map.delete(key);
        };
      },
    ],
    [
      'the life of an application',
      () => {
        const lifetime = new ApplicationLifetime();
        return ({ listener }) => lifetime.onClosing(listener);
      },
    ],
    [
      'a signal that all share',
      () => {
        const { signal } = new AbortController();
        onAbort(signal, () => undefined);
        return ({ listener }) => onAbort(signal, listener);
      },
    ],
    [
      'work that goes on',
      () => {
        const cancellation = new Cancellation();
        return ({ listener }) => cancellation.onCancel(listener);
      },
    ],
  ])('%s', (_, make) => {
    const enter = make();
    letPass(enter);
    // What is there for long has grown old itself.
    collectGarbage();
    const grown = bytesGrownOld(() => letPass(enter));

    expect(grown / COMERS).toBeLessThan(LEAST_BYTES / 4);
  });
});
