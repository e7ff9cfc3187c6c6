import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Socket } from 'node:net';

/** A status, an answer in full, a broken connection, or silence. */
export type Answer =
  | number
  | 'reset'
  | 'silence'
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string };

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A real server that gives the answers of a script, the last one for ever, and keeps what it was sent. */
export class ScriptedServer {
  readonly requests: SeenRequest[] = [];
  readonly sockets = new Set<Socket>();
  private readonly server: Server;
  private readonly waiting: { readonly count: number; readonly resolve: () => void }[] = [];

  constructor(private readonly script: readonly Answer[]) {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      this.sockets.add(request.socket);
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('error', () => undefined);
      request.on('end', () => {
        const { method = '', url = '', headers } = request;
        this.requests.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
        this.answer(this.script[this.requests.length - 1] ?? this.script.at(-1) ?? 200, response);
        for (const each of this.waiting) if (this.requests.length >= each.count) each.resolve();
      });
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get bodies(): readonly string[] {
    return this.requests.map(({ body }) => body);
  }

  async listen(): Promise<this> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return this;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  /** Resolves when so many requests have arrived. */
  arrived(count: number): Promise<void> {
    if (this.requests.length >= count) return Promise.resolve();
    return new Promise((resolve) => this.waiting.push({ count, resolve }));
  }

  /** The header of every request, in order. */
  sent(header: string): readonly (string | undefined)[] {
    return this.requests.map(({ headers }) => headers[header] as string | undefined);
  }

  private answer(answer: Answer, response: ServerResponse): void {
    if (answer === 'silence') return;
    if (answer === 'reset') {
      response.socket?.resetAndDestroy();
      return;
    }
    const { status, headers = {}, body } = typeof answer === 'number' ? { status: answer } : answer;
    response.writeHead(status, headers).end(body ?? `body-${status}`);
  }
}
