import { AsyncLocalStorage } from 'node:async_hooks';
import { ResilienceEvents } from 'nestjs-selfheal';
import { type Effort, measure, measureBytes } from './measure.js';
import { measurePopulation } from './population.js';
import { benchOf } from './rows.js';

const [task = 'time', kind = 'plain', surroundings = 'quiet', effort = '{}'] = process.argv.slice(2);

if (task === 'population') tell(await measurePopulation());
else await measureRows();

async function measureRows(): Promise<void> {
  const bench = await benchOf(kind === 'limited' ? 'limited' : 'plain');
  if (surroundings === 'observed') {
    for (const application of bench.applications)
      application.get(ResilienceEvents).subscribe(() => undefined);
  }
  const work = async (): Promise<void> => {
    tell(Object.fromEntries(task === 'bytes' ? await measureBytes(bench.rows) : await timed()));
  };
  const timed = () => measure(bench.rows, JSON.parse(effort) as Effort);
  if (surroundings === 'storage') await new AsyncLocalStorage<object>().run({ request: 1 }, work);
  else await work();
}

function tell(result: unknown): void {
  // The peers keep timers: whoever waits for the result does not wait for those.
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
}
