import { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/**
 * Counts round trips to some servers on the sockets themselves, whatever a client library calls them: bytes that go
 * out after bytes that came in. One request at a time must be under way, or trips of several are one.
 */
export class RoundTrips {
  private readonly ports: ReadonlySet<number>;
  private readonly asked = new WeakSet<Socket>();
  private readonly write = Socket.prototype.write;
  private count = 0;

  constructor(urls: readonly string[]) {
    this.ports = new Set(urls.filter((url) => url !== '').map((url) => Number(new URL(url).port)));
  }

  /** Looks at every socket from here on. */
  begin(): void {
    this.count = 0;
    const wrote = (socket: Socket): void => this.wrote(socket);
    const heard = (socket: Socket): boolean => this.asked.delete(socket);
    const { write } = this;
    Socket.prototype.write = function counted(this: Socket, ...args: unknown[]): boolean {
      wrote(this);
      return Reflect.apply(write, this, args) as boolean;
    };
    Socket.prototype.push = function counted(this: Socket, ...args: Parameters<Duplex['push']>): boolean {
      heard(this);
      return Duplex.prototype.push.apply(this, args);
    };
  }

  /** Looks no more; answers with the number of round trips. */
  end(): number {
    Socket.prototype.write = this.write;
    Socket.prototype.push = Duplex.prototype.push;
    return this.count;
  }

  private wrote(socket: Socket): void {
    if (!this.ports.has(socket.remotePort ?? 0) || this.asked.has(socket)) return;
    this.asked.add(socket);
    this.count += 1;
  }
}
