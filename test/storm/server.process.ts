import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Chance } from '../sim/chance.js';
import { type ServerSettings, STORM, type StormCommand, type StormMessage } from './model.js';

const { seed } = JSON.parse(process.argv[2] ?? '{}') as ServerSettings;

interface Waiting {
  readonly response: ServerResponse;
  readonly arrivedMs: number;
}

/** One worker: first in, first out, exponential service. It also works for those who have no use for it any more. */
class Worker {
  factor = 1;
  private readonly chance = new Chance(seed);
  private readonly line: Waiting[] = [];
  private isBusy = false;
  /** Where the work stands: timers are late, the sum of their lateness would be capacity lost. */
  private doneMs = 0;

  take(response: ServerResponse): void {
    const arrivedMs = performance.now();
    if (this.line.length > (STORM.longestQueueMs / 1_000) * STORM.capacity) return refuse(response);
    this.line.push({ response, arrivedMs });
    if (this.isBusy) return undefined;
    this.doneMs = arrivedMs;
    return this.next();
  }

  private next(): void {
    const waiting = this.line.shift();
    this.isBusy = waiting !== undefined;
    if (waiting === undefined) return;
    this.doneMs += this.chance.exponential(1_000 / (STORM.capacity * this.factor));
    setTimeout(() => {
      this.answer(waiting);
      this.next();
    }, this.doneMs - performance.now());
  }

  private answer({ response, arrivedMs }: Waiting): void {
    if (performance.now() - arrivedMs > STORM.usefulMs) return refuse(response);
    response.end('ok');
    return undefined;
  }
}

function refuse(response: ServerResponse): void {
  response.statusCode = 503;
  response.end();
}

const worker = new Worker();
const server = createServer((_request, response) => worker.take(response));
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.send?.({ kind: 'ready', port } satisfies StormMessage);
});
process.on('message', (command: StormCommand) => {
  if (command.kind === 'capacity') worker.factor = command.factor;
});
process.on('disconnect', () => process.exit(0));
