import { parseArgs } from 'node:util';
import { faultPlan } from '../upstreams/fault-plan.js';
import { playOrders } from './idempotency/play-orders.js';
import { LiveView } from './live-view.js';
import { Album } from './album.js';
import { plotOf } from './plot.js';
import { run } from './run.js';
import { runSession, type Session } from './session.js';
import { tableOf } from './table.js';

/** The demo ends within 90 s; rather with an error than later. */
const ENDS_WITHIN_MS = 88_000;
const USAGE = `npm run demo [-- --json] [-- --short] [-- --orders]
  --json   progress on standard error, and the tables as one JSON object on the last line of standard output
  --short  a shortened fault plan, about 11 s a run, without pictures
  --orders only the orders that are asked for twice, about 7 s
  --pictures <folder>  where the pictures go; else to .cache/demo`;

interface DemoOptions {
  readonly json: boolean;
  readonly short: boolean;
  readonly orders: boolean;
  readonly pictures: string;
}

async function demo(session: Session, options: DemoOptions): Promise<void> {
  const { json, orders } = options;
  const view = new LiveView(json ? process.stderr : process.stdout);
  const tooLate = new Error(`the demo did not end within ${ENDS_WITHIN_MS / 1_000} s`);
  setTimeout(() => session.fail(tooLate), ENDS_WITHIN_MS).unref();

  const runs = orders ? {} : await playTwice(session, view, options);
  const idempotency = await playOrders(session, view);
  if (json) process.stdout.write(`${JSON.stringify({ ...runs, idempotency })}\n`);
}

async function playTwice(session: Session, view: LiveView, { short, pictures }: DemoOptions) {
  const length = short ? 'short' : 'full';
  const plan = faultPlan(length);
  const duration = Math.round(plan.durationMs / 1_000);
  view.say(`A checkout over three flaky upstreams: one fault plan of ${duration} s, played twice.\n`);
  view.say('First run: plain services.');
  const plain = await run(session, view, { mode: 'plain', length });
  view.say('\nSecond run: the same services, decorated.');
  // A browser would be one more load in a short run.
  const album = short ? undefined : await Album.open(pictures);
  const watch = album?.watcher(plan);
  const healing = await run(session, view, { mode: 'healing', length, watch });
  await album?.close();

  view.say(tableOf(plain, healing, plan));
  if (album !== undefined) view.say(await album.keep('two-runs.svg', plotOf(plain, healing, plan)));
  return { plain: plain.figures, healing: healing.figures };
}

function optionsOf(args: string[]): DemoOptions | undefined {
  const options = {
    json: { type: 'boolean', default: false },
    short: { type: 'boolean', default: false },
    orders: { type: 'boolean', default: false },
    pictures: { type: 'string', default: '.cache/demo' },
  } as const;
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${USAGE}\n`);
    return undefined;
  }
}

const options = optionsOf(process.argv.slice(2));
if (options === undefined) process.exit(2);
await runSession((session) => demo(session, options));
