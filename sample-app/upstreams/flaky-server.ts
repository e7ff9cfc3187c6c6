import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { seededChance } from './chance.js';
import type { Fault, UpstreamName } from './fault-plan.js';
import { type Handler, handlerOf } from './handlers.js';
import { send, textOf } from './plain-http.js';
import { WorkQueue } from './work-queue.js';

/** 10 ms of work a request: 100 requests a second, twice what the traffic asks for. */
const WORK_MS = 10;
/** A request that waits longer than this for the worker is answered with 503; its work is done all the same. */
const QUEUE_LIMIT_MS = 1_000;

/** The fault of this moment, and when its phase ends (milliseconds since 1970). */
export interface CurrentFault {
  readonly fault: Fault | undefined;
  readonly endsAtMs: number;
}

/** A fault that hits only some requests. */
type SharedFault = Extract<Fault, { readonly share: number }>;

/** A real HTTP server that does its work, and meets the faults of its script. */
export class FlakyServer {
  readonly http: Server = createServer((request, response) => void this.take(request, response));
  private readonly handle: Handler;
  private readonly chance: () => number;
  private readonly queue = new WorkQueue(WORK_MS);

  constructor(
    name: UpstreamName,
    private readonly currentFault: () => CurrentFault,
  ) {
    this.handle = handlerOf(name);
    this.chance = seededChance(name);
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await textOf(request).catch(() => undefined);
    if (body === undefined) return; // the caller has gone before it had said all
    const answer = (): void => this.answer(request, response, body);
    // The charge book is the demo's, not part of the play.
    if (request.method === 'GET' && request.url === '/charges') return answer();

    const { fault, endsAtMs } = this.currentFault();
    const work = (notBeforeMs?: number): void => this.work(response, answer, notBeforeMs);
    if (fault === undefined || !('share' in fault))
      return work(fault?.kind === 'outage' ? endsAtMs : undefined);
    if (this.chance() >= fault.share) return work();
    meet(fault, response, work);
  }

  private work(response: ServerResponse, answer: () => void, notBeforeMs?: number): void {
    const nowMs = Date.now();
    const waitMs = this.queue.add(nowMs, notBeforeMs) - nowMs;
    if (waitMs > QUEUE_LIMIT_MS) setTimeout(() => refuse(response), QUEUE_LIMIT_MS);
    // Work is done whether or not its caller still waits: an order may be charged after a 503.
    setTimeout(answer, waitMs);
  }

  private answer(request: IncomingMessage, response: ServerResponse, body: string): void {
    const { method = 'GET', headers } = request;
    const url = new URL(request.url ?? '/', 'http://upstream');
    const answer = this.handle({ method, url, headers, body });
    send(response, answer.status, answer.body);
  }
}

function meet(fault: SharedFault, response: ServerResponse, work: () => void): void {
  switch (fault.kind) {
    case 'hang':
      return; // never an answer, never an end
    case 'reset':
      response.socket?.resetAndDestroy();
      return;
    case 'unavailable':
      return refuse(response, retryAfter(fault.retryAfter));
    case 'slow':
      setTimeout(work, fault.delayMs);
  }
}

function retryAfter(form: 'seconds' | 'date'): string {
  if (form === 'seconds') return '1';
  // Dates have whole seconds: the next but one is one to two seconds away.
  return new Date((Math.floor(Date.now() / 1_000) + 2) * 1_000).toUTCString();
}

function refuse(response: ServerResponse, retryAfter?: string): void {
  if (retryAfter !== undefined) response.setHeader('Retry-After', retryAfter);
  send(response, 503, { message: 'unavailable' });
}
