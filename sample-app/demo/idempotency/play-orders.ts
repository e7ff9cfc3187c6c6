import type { LiveView } from '../live-view.js';
import type { Session } from '../session.js';
import { SCENES } from './scenes.js';
import { type Counts, Stage } from './stage.js';
import { ordersTable, type SceneResult } from './table.js';

/** Idempotent orders in figures, as `npm run demo -- --json` prints them. */
export interface IdempotencyFigures {
  readonly requests: number;
  /** Runs of the handler, those included that ended with their process. */
  readonly executions: number;
  readonly replays: number;
  readonly takeovers: number;
  /** Charges beyond one for each order. */
  readonly duplicates: number;
}

/** Plays every scene in which one order is asked for more than once, and counts the charges. */
export async function playOrders(session: Session, view: LiveView): Promise<IdempotencyFigures> {
  const stage = await Stage.open(session);
  view.say(`\nPOST /orders with an Idempotency-Key: two API processes, their records in ${stage.storeName}.`);
  const results: SceneResult[] = [];
  let before = await stage.counts();
  for (const [index, { title, play }] of SCENES.entries()) {
    const told = await session.orEnd(play(stage, index + 1));
    const after = await stage.counts();
    results.push({ title, counts: difference(after, before) });
    before = after;
    view.say(`  ${index + 1}. ${title}\n     ${told}`);
  }
  await session.children.stopAll();

  view.say(ordersTable(results, before));
  const { charges, ...figures } = before;
  return { ...figures, duplicates: charges - SCENES.length };
}

function difference(after: Counts, before: Counts): Counts {
  return {
    requests: after.requests - before.requests,
    executions: after.executions - before.executions,
    replays: after.replays - before.replays,
    takeovers: after.takeovers - before.takeovers,
    charges: after.charges - before.charges,
  };
}
