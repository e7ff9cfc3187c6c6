import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { handlerOf } from '../../upstreams/handlers.js';
import { send, textOf } from '../../upstreams/plain-http.js';
import { childSettings, onStop, tellParent } from '../child.js';

/** Payments whose money moves at once and whose answer comes late: the moment in which a process should not die. */
export interface LatePaymentsSettings {
  /** How long after its charge the first order is answered, the second, and so on; how often it is asked for or not. */
  readonly answersAfterMs: readonly number[];
}

const settings = childSettings<LatePaymentsSettings>();
const handle = handlerOf('payments');
const answersAtMs = new Map<string, number>();

function waitOf(order: string): number {
  const afterMs = settings.answersAfterMs[answersAtMs.size] ?? 0;
  const atMs = answersAtMs.get(order) ?? Date.now() + afterMs;
  answersAtMs.set(order, atMs);
  return atMs - Date.now();
}

async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await textOf(request).catch(() => undefined);
  if (body === undefined) return; // the caller has gone before it had said all
  const { method = 'GET', headers } = request;
  const answer = handle({ method, url: new URL(request.url ?? '/', 'http://payments'), headers, body });
  const waitMs = method === 'GET' ? 0 : waitOf(String(headers['idempotency-key']));
  setTimeout(() => send(response, answer.status, answer.body), waitMs);
}

const server = createServer((request, response) => void take(request, response)).listen(0, '127.0.0.1');
await once(server, 'listening');
onStop(() => server.closeAllConnections());
tellParent({ kind: 'ready', port: (server.address() as AddressInfo).port });
