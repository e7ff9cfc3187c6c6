import { get, type IncomingMessage } from 'node:http';
import type { World } from '../../../support/nest-applications.js';

/** A frame of the stream: its name and what it holds. */
export interface Told {
  readonly name: string;
  readonly data: Frame;
}

/** What frames hold that tests ask for. */
export interface Frame {
  readonly about: {
    readonly token: string;
    readonly title: string;
    readonly canControl: boolean;
    readonly canDisturb: boolean;
  };
  readonly second: number;
  readonly methods: readonly {
    readonly index: number;
    readonly operation: string;
    readonly segments: readonly (readonly string[])[];
    readonly uses: Readonly<Record<string, string>>;
    readonly isDecorated: boolean;
  }[];
  readonly operations: readonly {
    readonly index: number;
    readonly calls: Readonly<Record<string, number>>;
    readonly events: Readonly<Record<string, number>>;
    readonly latency?: { readonly p50Ms: number };
    readonly rows: readonly (readonly number[])[];
  }[];
  readonly kinds: Readonly<Record<string, number>>;
  readonly breakers: readonly Gauge[];
  readonly budgets: readonly Gauge[];
  readonly bulkheads: readonly Gauge[];
  readonly limiters: readonly Gauge[];
  readonly chaos: readonly { readonly errorRate: number }[];
  readonly lines: readonly {
    readonly number: number;
    readonly kind: string;
    readonly operation: string;
    readonly text: string;
    readonly error?: string;
  }[];
}

type Gauge = Readonly<Record<string, unknown>> & { readonly id: number; readonly name: string };

/** One who listens to a page's stream, as the page does; on a connection of its own, which leaves with it. */
export class WatchedStream {
  private buffered = '';
  private readonly chunks: AsyncIterator<unknown>;

  private constructor(readonly response: IncomingMessage) {
    this.chunks = response.setEncoding('utf8')[Symbol.asyncIterator]();
  }

  static async open(page: string, headers: Record<string, string> = {}): Promise<WatchedStream> {
    return new Promise((resolve, reject) => {
      const request = get(`${page}/events`, { headers, agent: false });
      request.on('response', (response) => resolve(new WatchedStream(response)));
      request.on('error', reject);
    });
  }

  get status(): number | undefined {
    return this.response.statusCode;
  }

  /** The next frame; `undefined` when the stream has ended. */
  async next(): Promise<Told | undefined> {
    for (;;) {
      const end = this.buffered.indexOf('\n\n');
      if (end >= 0) {
        const [first = '', second = ''] = this.buffered.slice(0, end).split('\n');
        this.buffered = this.buffered.slice(end + 2);
        // The test reads what the page would read.
        const data = JSON.parse(second.slice('data: '.length)) as Frame;
        return { name: first.slice('event: '.length), data };
      }
      const { done, value } = await this.chunks.next();
      if (done === true) return undefined;
      this.buffered += String(value);
    }
  }

  /** The next frame of this name. */
  async nextOf(name: string): Promise<Frame> {
    for (;;) {
      const told = await this.next();
      if (told === undefined) throw new Error(`the stream ended before "${name}"`);
      if (told.name === name) return told.data;
    }
  }

  /** Goes away without a word. */
  leave(): void {
    this.response.destroy();
  }
}

/** The numbers of a method in a frame. */
export function numbersOf(catalogue: Frame, frame: Frame, operation: string) {
  const index = catalogue.methods.find((method) => method.operation === operation)?.index;
  return frame.operations.find((each) => each.index === index);
}

/** Lets a second pass on the application's clock: then the next frame is on its way. */
export async function nextSecond({ clock }: World): Promise<void> {
  await clock.advance(1_100);
}
