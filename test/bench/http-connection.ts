import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const HEAD_END = '\r\n\r\n';
/** A connection that is silent for so long is dead; others have their turn meanwhile. */
const LATEST_MS = 120_000;

/** A connection that sends one request after the other: little work beside that of the server. */
export class HttpConnection {
  private received = '';
  private answered: ((body: string) => void) | undefined;
  private failed: ((error: Error) => void) | undefined;

  private constructor(private readonly socket: Socket) {
    socket.setNoDelay(true).setEncoding('latin1');
    socket.on('data', (text: string) => this.heard(text));
    socket.setTimeout(LATEST_MS, () => socket.destroy(new Error('the server did not answer')));
    socket.on('error', (error) => this.failed?.(error));
    socket.on('close', () => this.failed?.(new Error('the server closed the connection')));
  }

  static async open(port: number): Promise<HttpConnection> {
    const socket = connect({ port, host: '127.0.0.1' });
    await once(socket, 'connect');
    return new HttpConnection(socket);
  }

  /** Sends a request as it goes over the wire; answers with the body. Any status but 2xx fails. */
  send(request: string): Promise<string> {
    return new Promise((resolve, reject) => {
      this.answered = resolve;
      this.failed = reject;
      if (this.socket.destroyed) reject(new Error('the connection is closed'));
      else this.socket.write(request);
    });
  }

  close(): void {
    this.failed = undefined;
    this.socket.destroy();
  }

  private heard(text: string): void {
    this.received += text;
    const headEnd = this.received.indexOf(HEAD_END);
    if (headEnd < 0) return;
    const head = this.received.slice(0, headEnd);
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    if (length === undefined) return this.failed?.(new Error(`an answer without a length: ${head}`));
    const body = this.received.slice(headEnd + HEAD_END.length);
    if (body.length < Number(length)) return;
    this.received = '';
    if (head.startsWith('HTTP/1.1 2')) this.answered?.(body);
    else this.failed?.(new Error(`${head}\n${body}`));
  }
}

/** A GET as it goes over the wire. */
export function getOf(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: bench\r\n\r\n`;
}

/** A POST of JSON with an idempotency key. */
export function postOf(path: string, key: string, body: object): string {
  const text = JSON.stringify(body);
  const headers = ['Host: bench', 'Content-Type: application/json', `Content-Length: ${text.length}`];
  return [`POST ${path} HTTP/1.1`, ...headers, `Idempotency-Key: ${key}`, '', text].join('\r\n');
}
