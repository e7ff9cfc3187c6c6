import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ScriptedAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** A real server that answers what the test says next, and the last answer again and again. */
export class ScriptedUpstream {
  readonly received: { readonly path: string; readonly headers: IncomingHttpHeaders }[] = [];
  private script: ScriptedAnswer[] = [];
  private readonly server = createServer((request, response) => {
    this.received.push({ path: request.url ?? '', headers: request.headers });
    request.resume();
    respond(response, this.script.length > 1 ? this.script.shift() : this.script[0]);
  });

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  answers(...script: ScriptedAnswer[]): void {
    this.script = script;
  }

  async open(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

function respond(response: ServerResponse, answer: ScriptedAnswer = {}): void {
  const { status = 200, headers = {}, body = {} } = answer;
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(body));
}
