import { type FaultPlan, faultPlan } from '../upstreams/fault-plan.js';
import { runSession, type Session } from './session.js';
import { Shop } from './shop.js';

const DEFAULT_PORT = 3_000;

async function start(session: Session, port: number): Promise<void> {
  const plan = faultPlan('full');
  const shop = await Shop.open(session, { mode: 'healing', plan: 'full', isLooping: true, port });
  if (port !== 0 && shop.app.port !== port)
    say(`Port ${port} is taken; set PORT for another. This time it is ${shop.app.port}.`);
  say(greeting(shop, plan.durationMs / 1_000));

  let startAtMs = Date.now();
  shop.begin(startAtMs);
  for (;;) {
    await Promise.all([announce(session, plan, startAtMs), shop.killAndRestart(plan, startAtMs)]);
    startAtMs += plan.durationMs;
    await session.sleep(startAtMs - Date.now());
  }
}

async function announce(session: Session, plan: FaultPlan, startAtMs: number): Promise<void> {
  for (const { name, beginsMs } of plan.phases) {
    await session.sleep(startAtMs + beginsMs - Date.now());
    say(`  upstreams: ${name}`);
  }
}

function greeting(shop: Shop, seconds: number): string {
  return `
  checkout   ${shop.url}
  live page  ${shop.page}
  stats      ${shop.url}/stats
  payments   ${shop.urlOf('payments')}
  inventory  ${shop.urlOf('inventory')}
  shipping   ${shop.urlOf('shipping')}

  curl -i ${shop.url}/checkout -H 'Content-Type: application/json' \\
    -d '{"orderId":"order-1","sku":"lamp","quantity":2}'
  curl -i ${shop.url}/orders -H 'Content-Type: application/json' -H 'X-Customer: ann' \\
    -H 'Idempotency-Key: one' -d '{"sku":"lamp","quantity":2}'

  The upstreams play the fault plan (sample-app/upstreams/fault-plan.ts) every ${seconds} s. Ctrl-C stops it all.
`;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function portOf(text: string | undefined): number {
  const port = text === undefined || text === '' ? DEFAULT_PORT : Number(text);
  if (Number.isInteger(port) && port >= 0 && port < 65_536) return port;
  process.stderr.write(`PORT must be a whole number from 0 to 65535, not "${text}"\n`);
  return process.exit(2);
}

const port = portOf(process.env['PORT']);
await runSession((session) => start(session, port), { isEndedBySignal: true });
