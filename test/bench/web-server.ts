import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { getOf, HttpConnection, postOf } from './http-connection.js';
import { ORDERS, type WebAnswer, type WebQuestion, type WebSettings } from './web-model.js';

/** Connections of a busy batch. */
const CONNECTIONS = 8;
/** A server that has not answered by then does not answer at all. */
const LATEST_MS = 60_000;

/** A server process from outside, with connections to it. */
export class WebServer {
  private connections: readonly HttpConnection[] = [];
  private requests = 0;
  private portNumber = 0;

  private constructor(
    readonly settings: WebSettings,
    private readonly child: ChildProcess,
  ) {}

  /** The first `command` words run the script, say on a core of its own. */
  static async start(settings: WebSettings, command: readonly string[]): Promise<WebServer> {
    const [execPath = process.execPath, ...execArgv] = [...command, process.execPath];
    const script = join(import.meta.dirname, 'web-server.process.js');
    const child = fork(script, [JSON.stringify(settings)], { execPath, execArgv });
    const server = new WebServer(settings, child);
    const { port } = await server.told('ready');
    server.connections = await connectionsTo(port, CONNECTIONS);
    server.portNumber = port;
    return server;
  }

  /** Where it listens. */
  get port(): number {
    return this.portNumber;
  }

  /** One request after the other on each of so many connections; answers with the milliseconds of each. */
  async load(count: number, connections = CONNECTIONS): Promise<readonly number[]> {
    const durations: number[] = [];
    let left = count;
    const worker = async (connection: HttpConnection): Promise<void> => {
      while (left > 0) {
        left -= 1;
        const beganMs = performance.now();
        await connection.send(this.nextRequest());
        durations.push(performance.now() - beganMs);
      }
    };
    await Promise.all(this.connections.slice(0, connections).map(worker));
    return durations;
  }

  /** Microseconds of processor time per request, and requests per second, of a busy batch. */
  async busy(count: number): Promise<{ readonly cpuUs: number; readonly perSecond: number }> {
    const before = await this.ask('cpu');
    const beganMs = performance.now();
    const { length } = await this.load(count);
    const perSecond = (1_000 * length) / (performance.now() - beganMs);
    const after = await this.ask('cpu');
    return { cpuUs: (after.us - before.us) / length, perSecond };
  }

  /** Round trips to the store per request. */
  async roundTrips(): Promise<number> {
    const requests = 20;
    await this.ask('count');
    await this.load(requests, 1);
    const { roundTrips } = await this.ask('counted');
    return roundTrips / requests;
  }

  async stop(): Promise<void> {
    for (const connection of this.connections) connection.close();
    if (this.child.exitCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.disconnect();
    await ended;
  }

  private nextRequest(): string {
    const { route } = this.settings;
    this.requests += 1;
    if (!ORDERS.some((name) => name === route)) return getOf('/stock/7');
    return postOf('/orders', `bench-${this.child.pid}-${this.requests}`, { amount: this.requests });
  }

  private ask<K extends WebQuestion>(kind: K): Promise<Extract<WebAnswer, { kind: K }>> {
    const answer = this.told(kind);
    this.child.send(kind);
    return answer;
  }

  private told<K extends WebAnswer['kind']>(kind: K): Promise<Extract<WebAnswer, { kind: K }>> {
    const { child } = this;
    return new Promise((resolve, reject) => {
      const fail = (): void => {
        clearTimeout(timer);
        reject(new Error(`the ${this.settings.route} server did not say "${kind}"`));
      };
      const timer = setTimeout(fail, LATEST_MS);
      child.once('exit', fail);
      child.once('message', (answer: WebAnswer) => {
        child.off('exit', fail);
        clearTimeout(timer);
        if (answer.kind === kind) resolve(answer as Extract<WebAnswer, { kind: K }>);
        else fail();
      });
    });
  }
}

/** So many connections to a server. */
export function connectionsTo(port: number, count: number): Promise<HttpConnection[]> {
  return Promise.all(Array.from({ length: count }, () => HttpConnection.open(port)));
}
