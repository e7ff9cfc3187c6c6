import { AsyncLocalStorage } from 'node:async_hooks';
import { ResilienceEvents } from 'nestjs-selfheal';
import { type Effort, measure, measureBytes } from './measure.js';
import { measurePeer, type PeerName } from './peer-population.js';
import { measurePopulation } from './population.js';
import { benchOf } from './rows.js';

/** What one process of the bench does. */
interface Task {
  readonly work: 'time' | 'bytes' | 'population';
  readonly kind?: 'plain' | 'limited';
  /** Who listens: nobody, an event listener, Prometheus; or everything runs within an async context of the caller's. */
  readonly surroundings?: 'quiet' | 'observed' | 'metrics' | 'storage';
  readonly peer?: PeerName;
  readonly effort: Effort;
}

const task = JSON.parse(process.argv[2] ?? '{}') as Task;

if (task.work === 'population')
  tell(await (task.peer ? measurePeer(task.peer, task.effort) : measurePopulation(task.effort)));
else await measureRows(task);

async function measureRows({ work, kind = 'plain', surroundings = 'quiet', effort }: Task): Promise<void> {
  const hasMetrics = surroundings === 'metrics';
  const bench = await benchOf({ kind, hasPeers: surroundings === 'quiet', hasMetrics });
  if (surroundings === 'observed') {
    for (const application of bench.applications)
      application.get(ResilienceEvents).subscribe(() => undefined);
  }
  const measured = async (): Promise<void> => {
    const { rows } = bench;
    tell(
      Object.fromEntries(work === 'bytes' ? await measureBytes(rows, effort) : await measure(rows, effort)),
    );
  };
  if (surroundings === 'storage') await new AsyncLocalStorage<object>().run({ request: 1 }, measured);
  else await measured();
}

function tell(result: unknown): void {
  // The peers keep timers: whoever waits for the result does not wait for those.
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
}
