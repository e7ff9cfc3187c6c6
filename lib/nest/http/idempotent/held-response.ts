import { validateHeaderName, validateHeaderValue, type ServerResponse } from 'node:http';
import type { HeaderValue } from './exchange.js';
import type { WriteName } from './placed-methods.js';
import { StandIns, tooLate } from './stand-ins.js';
import { WaitingWriters } from './waiting-writers.js';
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

const LEAST_STATUS = 100;
const MOST_STATUS = 999;

/** What is written while it is held, in the words of the response. */
interface HeldCall {
  readonly name: WriteName;
  readonly args: readonly unknown[];
}

/**
 * Holds back what is written to a response, at the place where it would be written, until it is released: by then
 * it leaves as it was written, call by call. Whoever writes sees a response that behaves as if it had left.
 */
export class HeldResponse extends StandIns {
  private readonly calls: HeldCall[] = [];
  private readonly chunks: Buffer[] = [];
  private begun: AnswerHead | undefined;
  private heldBytes = 0;
  private hasEnded = false;
  private isTooLarge = false;
  private readonly waiting: WaitingWriters | undefined;

  constructor(
    raw: ServerResponse,
    private readonly mostBytes: number,
    private readonly isInHandler: () => boolean,
    private readonly say: Say,
  ) {
    super(raw);
    this.waiting = WaitingWriters.of(raw);
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
    const { raw, begun } = this;
    if (begun !== undefined && raw.statusCode !== begun.status) raw.statusCode = begun.status;
    try {
      for (const { name, args } of this.calls) flows = this.original(name, args) !== false;
    } catch (error) {
      // Node refuses something of it, and whoever wrote it is gone.
      raw.destroy(error instanceof Error ? error : undefined);
    }
    this.calls.length = 0;
    // Whoever waits to write on is told by us, since the original was never told that it is full.
    if (flows && this.isTooLarge) process.nextTick(() => this.drained());
  }

  /** Throws away what was written: the response is as if nothing had been, except for headers. */
  discard(): void {
    if (!this.letGo()) return;
    this.calls.length = 0;
    this.chunks.length = 0;
  }

  protected override letGo(): boolean {
    this.waiting?.stop();
    return super.letGo();
  }

  private drained(): void {
    // First those that hear nothing from the response: it may tell them itself once more has been written.
    this.waiting?.tell();
    this.raw.emit('drain');
  }

  override get isBegun(): boolean {
    return this.begun !== undefined;
  }

  override get isEnded(): boolean {
    return this.hasEnded;
  }

  protected override written(name: WriteName, args: readonly unknown[]): unknown {
    switch (name) {
      case 'end':
        return this.end(args);
      case 'write':
        return this.write(args);
      case 'writeHead':
        return this.writeHead(args);
      default:
        return this.flushHeaders();
    }
  }

  private writeHead(args: readonly unknown[]): unknown {
    if (this.begun !== undefined) return tooLate();
    // Node takes the text of a number too.
    const status = Math.trunc(Number(args[0]));
    const isStatus = status >= LEAST_STATUS && status <= MOST_STATUS;
    if (!isStatus) return this.refused('writeHead', args);
    const headers = headersOfArguments(args);
    checkHeaders(headers);
    this.raw.statusCode = status;
    this.beginWith(headers);
    this.calls.push({ name: 'writeHead', args });
    return this.raw;
  }

  private flushHeaders(): void {
    if (this.begun !== undefined) return;
    this.beginWith();
    this.calls.push({ name: 'flushHeaders', args: [] });
  }

  private write(args: readonly unknown[]): unknown {
    const { chunk, encoding, callback } = argumentsOfWrite(args);
    // What Node refuses it refuses at once; after the end it is refused by the original too.
    if (!isChunk(chunk)) return this.refused('write', args);
    if (this.hasEnded) return false;
    this.beginWith();
    // A copy: whoever wrote it may use it again, since it is told that it has left.
    this.hold('write', [Buffer.from(bytesOf(chunk, encoding))]);
    if (callback !== undefined) process.nextTick(callback, null);
    return !this.isTooLarge;
  }

  private end(args: readonly unknown[]): unknown {
    if (this.hasEnded) return this.raw;
    const { chunk, encoding, callback } = argumentsOfEnd(args);
    if (chunk !== undefined && !isChunk(chunk)) return this.refused('end', args);
    this.beginWith();
    this.hasEnded = true;
    if (chunk === undefined) this.calls.push({ name: 'end', args: [callback] });
    else this.hold('end', callback === undefined ? [chunk, encoding] : [chunk, encoding, callback]);
    if (!this.isTooLarge) this.say('ended');
    return this.raw;
  }

  /** From the first write on nobody can change headers, as after a real one. */
  private beginWith(given?: Readonly<Record<string, HeaderValue | undefined>>): void {
    if (this.begun !== undefined) return;
    const { raw } = this;
    const set = raw.getHeaders();
    const headers = given === undefined ? set : { ...set, ...given };
    this.begun = { status: raw.statusCode, headers, isOfHandler: this.isInHandler() };
    super.begin();
  }

  private hold(name: 'write' | 'end', args: readonly [chunk: string | Uint8Array, ...unknown[]]): void {
    this.calls.push({ name, args });
    const [chunk, encoding] = args;
    // As it was given to us, and so to Node: the encoding is one that it knows.
    const bytes = bytesOf(chunk, encoding as BufferEncoding | undefined);
    this.heldBytes += bytes.byteLength;
    if (!this.isTooLarge) this.chunks.push(bytes);
    if (this.isTooLarge || this.heldBytes <= this.mostBytes) return;
    this.isTooLarge = true;
    this.chunks.length = 0;
    this.say('too-large');
  }
}

function checkHeaders(headers: Readonly<Record<string, HeaderValue | undefined>>): void {
  for (const [name, value] of Object.entries(headers)) {
    validateHeaderName(name);
    for (const each of Array.isArray(value) ? value : [value]) validateHeaderValue(name, String(each));
  }
}
