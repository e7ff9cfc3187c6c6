import { setTimeout as delay } from 'node:timers/promises';
import { faultPlan, type PlanLength } from '../upstreams/fault-plan.js';
import type { Answer } from './answer.js';
import { childSettings, onBegin, onStop, tellParent } from './child.js';

export interface TrafficSettings {
  readonly url: string;
  readonly plan: PlanLength;
}

const REPORT_EVERY_MS = 100;
const ITEMS = ['kettle', 'lamp', 'chair', 'desk', 'clock', 'radio', 'rug', 'shelf'];

const settings = childSettings<TrafficSettings>();
const plan = faultPlan(settings.plan);
let unreported: Answer[] = [];

async function outcomeOf(number: number): Promise<Answer['outcome']> {
  const sku = ITEMS[number % ITEMS.length];
  try {
    const response = await fetch(`${settings.url}/checkout`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ orderId: `order-${number}`, sku, quantity: 1 + (number % 3) }),
      signal: AbortSignal.timeout(plan.patienceMs),
    });
    const body = (await response.json()) as { degraded?: readonly string[] };
    if (!response.ok) return 'failed';
    return body.degraded?.length === 0 ? 'full' : 'degraded';
  } catch {
    return 'failed'; // no answer, or none that the caller waited for
  }
}

/** The wait counts from the moment the request was due, so that a late sender hides nothing. */
async function checkout(number: number, startAtMs: number, atMs: number): Promise<void> {
  const outcome = await outcomeOf(number);
  unreported.push({ atMs, waitMs: Date.now() - startAtMs - atMs, outcome });
}

function report(): void {
  if (unreported.length > 0) tellParent({ kind: 'answers', answers: unreported });
  unreported = [];
}

/** Sends at a steady rate, whether answers come or not. */
async function run(startAtMs: number): Promise<void> {
  const everyMs = 1_000 / plan.requestsPerSecond;
  const total = Math.floor(plan.durationMs / everyMs);
  const reporting = setInterval(report, REPORT_EVERY_MS);
  const pending: Promise<void>[] = [];
  for (let number = 0; number < total; number += 1) {
    const atMs = number * everyMs;
    const waitMs = startAtMs + atMs - Date.now();
    if (waitMs > 0) await delay(waitMs);
    pending.push(checkout(number, startAtMs, atMs));
  }
  await Promise.all(pending);
  clearInterval(reporting);
  report();
  tellParent({ kind: 'done' });
}

onStop(() => undefined);
onBegin((startAtMs) => void run(startAtMs));
tellParent({ kind: 'ready', port: 0 });
