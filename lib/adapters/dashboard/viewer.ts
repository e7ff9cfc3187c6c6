/** The part of a response that a stream of events needs: Node's own, under Express and Fastify alike. */
export interface EventResponse {
  /** Whether the connection stays when the response has ended; there is none such in HTTP/2. */
  shouldKeepAlive?: boolean;
  writeHead(status: number, headers: Readonly<Record<string, string>>): unknown;
  write(text: string): boolean;
  end(): unknown;
  destroy(): unknown;
  once(event: 'close' | 'drain', listener: () => void): unknown;
}

/** What is sent: its name, and JSON of one line. */
export type Frame = readonly [name: 'catalogue' | 'state' | 'delta', json: string];

const STREAM_HEADERS = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  // no-transform: a compressing middleware would hold back what is to be seen now.
  'Cache-Control': 'no-store, no-transform',
  'X-Accel-Buffering': 'no',
  'X-Content-Type-Options': 'nosniff',
  'Cross-Origin-Resource-Policy': 'same-origin',
} as const;

/**
 * One page that looks. Never more than one frame waits for it: what it is too slow for it misses, and gets the whole
 * state once it has caught up.
 */
export class Viewer {
  /** Whether it needs the whole state before it can follow again. */
  isLost = true;
  /** Which catalogue it has. */
  edition = 0;
  /** Seconds in a row in which it took nothing. */
  private missed = 0;
  private isBehind = false;
  private hasEnded = false;

  constructor(
    private readonly response: EventResponse,
    private readonly onEnd: (viewer: Viewer) => void,
  ) {
    // A connection that is idle after an end would hold up a server that closes, for as long as it keeps such.
    response.shouldKeepAlive = false;
    response.writeHead(200, STREAM_HEADERS);
    response.once('close', () => this.leave());
  }

  /** Whether it can take a frame now. */
  get isReady(): boolean {
    return !this.isBehind && !this.hasEnded;
  }

  /** It is too slow for what is told now. Answers how many times in a row that was so. */
  miss(): number {
    this.isLost = true;
    this.missed += 1;
    return this.missed;
  }

  /** Sends frames, in one piece, to one that is ready. */
  send(...frames: readonly Frame[]): void {
    this.missed = 0;
    if (this.response.write(frames.map(([name, json]) => `event: ${name}\ndata: ${json}\n\n`).join('')))
      return;
    this.isBehind = true;
    this.response.once('drain', () => (this.isBehind = false));
  }

  /** Ends the stream; what it has not taken by now is dropped. */
  end(): void {
    if (this.hasEnded) return;
    if (this.isBehind) this.response.destroy();
    else this.response.end();
    this.leave();
  }

  private leave(): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.onEnd(this);
  }
}
