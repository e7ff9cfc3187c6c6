import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Collects all of it. */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

/**
 * How many bytes of objects have grown old while something ran: what outlived two collections of young objects,
 * dead or alive. What is old itself, and holds what has left, makes it grow until all is collected.
 */
export function bytesGrownOld(run: () => void): number {
  const before = oldBytes();
  run();
  return oldBytes() - before;
}

function oldBytes(): number {
  return getHeapSpaceStatistics()
    .filter(({ space_name }) => space_name.startsWith('old'))
    .reduce((sum, { space_used_size }) => sum + space_used_size, 0);
}
