import { type OwnPostgres, startOwnPostgres } from '../support/servers/postgres-server.js';
import { type OwnRedis, startOwnRedis } from '../support/servers/redis-server.js';
import type { WorkerSettings } from './orders.js';

/** The stores that several processes can share. */
export type StoreKind = WorkerSettings['store'];

/** What may be done to the server of a store. */
export type ServerFault = 'stopped' | 'killed' | 'frozen';

/** A real server that keeps what it has acknowledged, through its own death as well. */
export class StoreServer {
  private constructor(
    readonly kind: StoreKind,
    private readonly server: OwnRedis | OwnPostgres,
  ) {}

  static async start(kind: StoreKind): Promise<StoreServer> {
    const server =
      kind === 'redis'
        ? await startOwnRedis('--appendonly', 'yes', '--appendfsync', 'always')
        : await startOwnPostgres();
    return new StoreServer(kind, server);
  }

  get port(): number {
    return Number(new URL(this.server.url).port);
  }

  /** The address by another port of this machine. */
  urlAt(port: number): string {
    const url = new URL(this.server.url);
    url.port = String(port);
    return url.href;
  }

  /** Answers how to undo it. */
  async harm(fault: ServerFault): Promise<() => Promise<void>> {
    if (fault === 'frozen') {
      await this.server.freeze();
      return () => this.server.thaw();
    }
    await (fault === 'killed' ? this.server.crash() : this.server.process.stop());
    return () => this.server.restart();
  }

  stop(): Promise<void> {
    return this.server.stop();
  }
}
