import { randomUUID } from 'node:crypto';
import { urlOf } from '../read.js';
import type { OrderAnswer } from './order-client.js';
import type { Stage } from './stage.js';

const PATIENCE_MS = 300;

/** One order that is asked for more than once. */
export interface Scene {
  readonly title: string;
  /** Plays it as the `number`th order of the stage; answers with what was to be seen. */
  play(stage: Stage, number: number): Promise<string>;
}

export const SCENES: readonly Scene[] = [
  { title: 'a client times out and tries again', play: impatientClient },
  { title: 'a double click, one request to each API process', play: doubleClick },
  { title: 'an API process is killed in the middle of a payment', play: killedProcess },
];

/** The client leaves at the worst moment: it has been charged, and nobody has told it. */
async function impatientClient(stage: Stage, number: number): Promise<string> {
  const [a, b] = stage.apis;
  const key = randomUUID();
  const leaving = new AbortController();
  const first = stage.client.order(urlOf(a), key, leaving.signal);
  await Promise.all([stage.sleep(PATIENCE_MS), stage.untilCharged(number)]);
  leaving.abort();
  await first;
  const retried = paid(await stage.client.order(urlOf(b), key));
  return `no answer in ${PATIENCE_MS} ms; the same key again: ${told(retried)}`;
}

async function doubleClick(stage: Stage): Promise<string> {
  const key = randomUUID();
  const clicks = await Promise.all(stage.apis.map((api) => stage.client.order(urlOf(api), key)));
  const answers = clicks.map(paid);
  if (new Set(answers.map(({ orderId }) => orderId)).size > 1)
    throw new Error('a double click made two orders');
  return `one order: ${answers.map(told).join(', and ')}`;
}

/** Killed when payments have charged the order and before the process is told. */
async function killedProcess(stage: Stage, number: number): Promise<string> {
  const [a, b] = stage.apis;
  const key = randomUUID();
  const first = stage.client.order(urlOf(a), key);
  await stage.untilCharged(number);
  await stage.kill(a);
  const killedAtMs = Date.now();
  if ((await first) !== undefined) throw new Error('the payment was over before its process could be killed');
  const retried = paid(await stage.client.order(urlOf(b), key));
  const seconds = ((Date.now() - killedAtMs) / 1_000).toFixed(1);
  return `process ${a.process.pid} killed; the same key at the other one: ${told(retried)} after ${seconds} s`;
}

/** @throws {Error} unless the order was answered as paid */
function paid(answer: OrderAnswer | undefined): OrderAnswer {
  if (answer?.status !== 201) throw new Error(`an order was answered ${answer?.status ?? 'not at all'}`);
  return answer;
}

function told({ status, isReplayed }: OrderAnswer): string {
  return isReplayed ? `${status}, replayed` : String(status);
}
