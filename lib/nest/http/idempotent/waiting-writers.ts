import type { ServerResponse } from 'node:http';

type Listener = () => void;
type On = (event: string, listener: Listener) => unknown;

/**
 * Whoever waits to write on to a response whose `on` somebody has replaced, as middleware that compresses does: it
 * hands such listeners to a stream of its own, which does not know that we have said to be full.
 */
export class WaitingWriters {
  private readonly listeners = new Set<Listener>();
  /** The response by its method, whatever that takes. */
  private readonly response: { on: On };
  private readonly before: On;
  private readonly placed: On;

  private constructor(private readonly raw: ServerResponse) {
    this.response = raw as unknown as { on: On };
    this.before = this.response.on;
    this.placed = (event, listener) => {
      if (event === 'drain') this.listeners.add(listener);
      return Reflect.apply(this.before, raw, [event, listener]);
    };
    this.response.on = this.placed;
  }

  /** `undefined` where all listeners stand on the response itself. */
  static of(raw: ServerResponse): WaitingWriters | undefined {
    return Object.hasOwn(raw, 'on') ? new WaitingWriters(raw) : undefined;
  }

  /** Puts back what stood there. */
  stop(): void {
    if (this.response.on === this.placed) this.response.on = this.before;
  }

  /** There is room again. Those that stand on the response itself hear it from there. */
  tell(): void {
    const heard = this.raw.rawListeners('drain');
    for (const listener of this.listeners) if (!heard.includes(listener)) listener.call(this.raw);
  }
}
