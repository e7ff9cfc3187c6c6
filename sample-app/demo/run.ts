import type { Mode } from '../main.js';
import { faultPlan, phaseAt, phaseWith, type PlanLength } from '../upstreams/fault-plan.js';
import type { ChargeBook } from '../upstreams/handlers.js';
import type { Answer } from './answer.js';
import { begin, type Child } from './child-processes.js';
import type { ChildMessage } from './child.js';
import { figuresOf, type RunFigures } from './figures.js';
import type { LiveView } from './live-view.js';
import type { Session } from './session.js';
import { Shop } from './shop.js';
import type { TrafficSettings } from './traffic.process.js';

const HEAD_START_MS = 300;
const SHOW_EVERY_MS = 500;

export interface RunResult {
  readonly figures: RunFigures;
  readonly charges: ChargeBook;
  readonly answers: readonly Answer[];
  /** Calls of the upstreams since the start, every now and then. */
  readonly load: readonly LoadSample[];
}

export interface LoadSample {
  /** Milliseconds since the plan began. */
  readonly atMs: number;
  readonly upstreamCalls: number;
}

/** Looks at the shop while the plan plays; `until` waits for a time of the plan. */
export type Watch = (shop: Shop, until: (atMs: number) => Promise<void>) => Promise<void>;

export interface RunSettings {
  readonly mode: Mode;
  readonly length: PlanLength;
  readonly watch?: Watch | undefined;
}

/** Plays the fault plan once against a fresh shop, and measures. */
export async function run(
  session: Session,
  view: LiveView,
  { mode, length, watch }: RunSettings,
): Promise<RunResult> {
  const plan = faultPlan(length);
  const outage = phaseWith(plan, 'outage');
  const shop = await Shop.open(session, { mode, plan: length, isLooping: false, port: 0 });
  const settings: TrafficSettings = { url: shop.url, plan: length };
  const script = './traffic.process.js';
  const traffic = await session.orEnd(session.children.start({ title: 'traffic', script, settings }));

  const startAtMs = Date.now() + HEAD_START_MS;
  const answers: Answer[] = [];
  const load: LoadSample[] = [];
  const trafficEnds = collectAnswers(traffic, answers);
  shop.begin(startAtMs);
  begin([traffic], startAtMs);

  const until = (atMs: number): Promise<void> => session.sleep(startAtMs + atMs - Date.now());
  const callsAt = async (atMs: number): Promise<number> => {
    await until(atMs);
    return (await shop.stats()).upstreamCalls;
  };
  const show = async (): Promise<void> => {
    const elapsedMs = Date.now() - startAtMs;
    const stats = await shop.stats();
    load.push({ atMs: elapsedMs, upstreamCalls: stats.upstreamCalls });
    view.show({ mode, elapsedMs, phase: phaseAt(plan, elapsedMs), answers, stats });
  };
  const [before, after] = await session.orEnd(
    Promise.all([
      callsAt(outage.beginsMs),
      callsAt(outage.endsMs),
      shop.killAndRestart(plan, startAtMs),
      repeatUntil(trafficEnds, async () => {
        await show();
        await session.sleep(SHOW_EVERY_MS);
      }),
      watch?.(shop, until),
    ]),
  );

  const { upstreamCalls } = await shop.stats();
  const charges = await shop.charges();
  await session.children.stopAll();
  const counts = { answers, upstreamCalls, upstreamCallsDuringOutage: after - before };
  return { figures: figuresOf(counts, outage), charges, answers, load };
}

async function repeatUntil(end: Promise<void>, step: () => Promise<void>): Promise<void> {
  let isOver = false;
  void end.then(() => (isOver = true));
  while (!isOver) await step();
}

function collectAnswers(traffic: Child, answers: Answer[]): Promise<void> {
  return new Promise((resolve) => {
    traffic.process.on('message', (message: ChildMessage) => {
      if (message.kind === 'answers') answers.push(...message.answers);
      if (message.kind === 'done') resolve();
    });
  });
}
