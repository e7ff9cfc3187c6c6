import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

/** What a network may do to a connection. */
export type NetworkFault =
  | { readonly kind: 'none' }
  /** Everything arrives so much later, in both directions. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** Connections break, and no new one comes about. */
  | { readonly kind: 'cut' }
  /** Requests arrive, replies get lost; the connections break when the fault is over. */
  | { readonly kind: 'drop-replies' };

const NONE: NetworkFault = { kind: 'none' };

/** The way of one process to its store; what goes wrong on it, goes wrong for that process alone. */
export class FaultyProxy {
  private fault: NetworkFault = NONE;
  private readonly pairs = new Set<readonly [Socket, Socket]>();

  private constructor(
    private readonly server: Server,
    private readonly targetPort: number,
  ) {
    server.on('connection', (client) => this.accept(client));
  }

  static async start(targetPort: number): Promise<FaultyProxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new FaultyProxy(server, targetPort);
  }

  get port(): number {
    const address = this.server.address();
    if (address === null || typeof address === 'string') throw new Error('a proxy without a port');
    return address.port;
  }

  /** From now on, for the connections that are there as well. */
  set(fault: NetworkFault): void {
    const wasDropping = this.fault.kind === 'drop-replies';
    this.fault = fault;
    // What has lost a reply cannot go on: client and server no longer speak of the same thing.
    if (fault.kind === 'cut' || wasDropping) this.breakAll();
  }

  heal(): void {
    this.set(NONE);
  }

  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.breakAll();
    await closed;
  }

  private accept(client: Socket): void {
    if (this.fault.kind === 'cut') {
      client.resetAndDestroy();
      return;
    }
    const server = connect(this.targetPort, '127.0.0.1');
    const pair = [client, server] as const;
    this.pairs.add(pair);
    const end = (): void => {
      this.pairs.delete(pair);
      for (const socket of pair) socket.destroy();
    };
    for (const socket of pair) {
      socket.setNoDelay(true);
      socket.on('error', end);
      socket.on('close', end);
    }
    const [there, back] = [new Direction(server), new Direction(client)];
    client.on('data', (bytes) => there.pass(bytes, this.delayMs));
    server.on('data', (bytes) => {
      if (this.fault.kind !== 'drop-replies') back.pass(bytes, this.delayMs);
    });
  }

  private get delayMs(): number {
    return this.fault.kind === 'delay' ? this.fault.ms : 0;
  }

  private breakAll(): void {
    for (const [client, server] of this.pairs) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
  }
}

/** One direction of a connection: whatever is late, what was sent first arrives first. */
class Direction {
  private waiting = 0;
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly to: Socket) {}

  pass(bytes: Buffer, delayMs: number): void {
    if (delayMs === 0 && this.waiting === 0) {
      this.write(bytes);
      return;
    }
    this.waiting += 1;
    this.last = Promise.all([this.last, wait(delayMs)]).then(() => {
      this.waiting -= 1;
      this.write(bytes);
    });
  }

  private write(bytes: Buffer): void {
    if (!this.to.destroyed) this.to.write(bytes);
  }
}
