import { validateHeaderName, validateHeaderValue, type ServerResponse } from 'node:http';
import type { HeaderValue } from './exchange.js';
import { Overrides } from './overrides.js';
import { argumentsOfEnd, argumentsOfWrite, bytesOf, headersOfArguments, isChunk } from './written.js';

/** What was said of an answer when it began. */
export interface AnswerHead {
  readonly status: number;
  /** By lower-case names. */
  readonly headers: Readonly<Record<string, HeaderValue | undefined>>;
  /** Whether the code that wrote it was started by the handler. */
  readonly isOfHandler: boolean;
}

/** How an answer was complete: all of it is held; or it is larger than may be held, and goes on. */
export type HowWritten = 'ended' | 'too-large';

type Say = (how: HowWritten) => void;

const SET_HEADERS = ['setHeader', 'appendHeader', 'removeHeader', 'setHeaders'];
const LEAST_STATUS = 100;
const MOST_STATUS = 999;

/**
 * Holds back what is written to a response, at the place where it would be written, until it is released: by then
 * it leaves as it was written, call by call. Whoever writes sees a response that behaves as if it had left.
 */
export class HeldResponse {
  private readonly overrides: Overrides;
  private readonly calls: { readonly name: string; readonly args: readonly unknown[] }[] = [];
  private readonly chunks: Buffer[] = [];
  private readonly drains = new Set<(this: ServerResponse) => void>();
  private begun: AnswerHead | undefined;
  private heldBytes = 0;
  private hasEnded = false;
  private isTooLarge = false;
  private isReleased = false;

  constructor(
    private readonly raw: ServerResponse,
    private readonly mostBytes: number,
    private readonly isInHandler: () => boolean,
    private readonly say: Say,
  ) {
    this.overrides = new Overrides(raw);
    this.take();
  }

  /** `undefined` before the first of the answer is written. */
  get head(): AnswerHead | undefined {
    return this.begun;
  }

  /** All that was written by now. */
  get body(): Buffer {
    const [only] = this.chunks;
    return this.chunks.length === 1 && only !== undefined ? only : Buffer.concat(this.chunks);
  }

  /** Lets everything leave as it was written, and what is written from now on too. */
  release(): void {
    if (!this.letGo()) return;
    let flows = true;
    // Whoever failed after the answer had been written may have set another one, which comes too late.
    if (this.begun !== undefined) this.raw.statusCode = this.begun.status;
    try {
      for (const { name, args } of this.calls) flows = this.overrides.original(name, args) !== false;
    } catch (error) {
      // Node refuses something of it, and whoever wrote it is gone.
      this.raw.destroy(error instanceof Error ? error : undefined);
    }
    this.calls.length = 0;
    if (flows) for (const drain of this.drains) process.nextTick(() => drain.call(this.raw));
  }

  /** Throws away what was written: the response is as if nothing had been, except for headers. */
  discard(): void {
    if (!this.letGo()) return;
    this.calls.length = 0;
    this.chunks.length = 0;
  }

  private letGo(): boolean {
    if (this.isReleased) return false;
    this.isReleased = true;
    this.overrides.restore();
    return true;
  }

  private take(): void {
    const { overrides } = this;
    overrides.method('writeHead', (...args) => this.writeHead(args));
    overrides.method('flushHeaders', () => this.flushHeaders());
    overrides.method('write', (...args) => this.write(args));
    overrides.method('end', (...args) => this.end(args));
    for (const name of ['on', 'addListener']) {
      overrides.method(name, (...args) => this.listen(name, args));
    }
  }

  /** From the first write on nobody can change headers, as after a real one. */
  private begin(args: readonly unknown[] = []): void {
    if (this.begun !== undefined) return;
    const { raw, overrides } = this;
    const headers = { ...raw.getHeaders(), ...headersOfArguments(args) };
    this.begun = { status: raw.statusCode, headers, isOfHandler: this.isInHandler() };
    overrides.value('headersSent', () => true);
    overrides.value('writableEnded', () => this.hasEnded);
    for (const name of SET_HEADERS) {
      overrides.method(name, (...given) => (this.isReleased ? overrides.original(name, given) : tooLate()));
    }
  }

  private writeHead(args: readonly unknown[]): unknown {
    if (this.isReleased) return this.overrides.original('writeHead', args);
    if (this.begun !== undefined) return tooLate();
    const [status] = args;
    const isStatus = typeof status === 'number' && status >= LEAST_STATUS && status <= MOST_STATUS;
    if (!isStatus) return this.overrides.original('writeHead', args);
    checkHeaders(headersOfArguments(args));
    this.raw.statusCode = Math.trunc(status);
    this.begin(args);
    this.calls.push({ name: 'writeHead', args });
    return this.raw;
  }

  private flushHeaders(): void {
    if (this.isReleased) return void this.overrides.original('flushHeaders', []);
    if (this.begun !== undefined) return;
    this.begin();
    this.calls.push({ name: 'flushHeaders', args: [] });
  }

  private write(args: readonly unknown[]): unknown {
    const { chunk, encoding, callback } = argumentsOfWrite(args);
    // What Node refuses it refuses at once; after the end it is refused by the original too.
    if (this.isReleased || !isChunk(chunk)) return this.overrides.original('write', args);
    if (this.hasEnded) return false;
    this.begin();
    // A copy: whoever wrote it may use it again, since it is told that it has left.
    this.hold('write', Buffer.from(bytesOf(chunk, encoding)));
    if (callback !== undefined) process.nextTick(callback, null);
    return !this.isTooLarge;
  }

  private end(args: readonly unknown[]): unknown {
    const { chunk, encoding, callback } = argumentsOfEnd(args);
    if (this.isReleased) return this.overrides.original('end', args);
    if (this.hasEnded) return this.raw;
    if (chunk !== undefined && !isChunk(chunk)) return this.overrides.original('end', args);
    this.begin();
    this.hasEnded = true;
    if (chunk === undefined) this.calls.push({ name: 'end', args: [callback] });
    else this.hold('end', bytesOf(chunk, encoding), callback);
    if (!this.isTooLarge) this.say('ended');
    return this.raw;
  }

  private hold(name: string, bytes: Buffer, callback?: () => void): void {
    this.calls.push({ name, args: callback === undefined ? [bytes] : [bytes, callback] });
    this.heldBytes += bytes.byteLength;
    if (!this.isTooLarge) this.chunks.push(bytes);
    if (this.isTooLarge || this.heldBytes <= this.mostBytes) return;
    this.isTooLarge = true;
    this.chunks.length = 0;
    this.say('too-large');
  }

  /** Whoever waits to write on is told by us, since the original was never told that it is full. */
  private listen(name: string, args: readonly unknown[]): unknown {
    const [event, listener] = args;
    const isDrain = event === 'drain' && typeof listener === 'function' && !this.isReleased;
    if (isDrain) this.drains.add(listener as (this: ServerResponse) => void);
    return this.overrides.original(name, args);
  }
}

function tooLate(): never {
  // As Node says it: whoever knows its code knows what to do.
  const message = 'Cannot set headers after they are sent to the client';
  throw Object.assign(new Error(message), { code: 'ERR_HTTP_HEADERS_SENT' });
}

function checkHeaders(headers: Readonly<Record<string, HeaderValue | undefined>>): void {
  for (const [name, value] of Object.entries(headers)) {
    validateHeaderName(name);
    for (const each of Array.isArray(value) ? value : [value]) validateHeaderValue(name, String(each));
  }
}
