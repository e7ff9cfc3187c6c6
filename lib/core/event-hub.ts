import type { EventSink, NewEvent, ResilienceEvent } from './events.js';

type Listener = (event: ResilienceEvent, source?: object) => void;
type Kinds = readonly ResilienceEvent['kind'][];
type Reporter = (what: string, error: unknown) => void;

/** The events of one application. */
export class EventHub implements EventSink {
  private listeners: readonly { readonly listener: Listener; readonly kinds: Kinds | undefined }[] = [];
  /** Kinds that somebody named, and whether somebody wants all: asked with every refusal. */
  private named: ReadonlySet<ResilienceEvent['kind']> = new Set();
  private areAllAwaited = false;
  private reporters: readonly Reporter[] = [];
  /** The event that is being told, and those that happened meanwhile. */
  private readonly untold: { readonly event: ResilienceEvent; readonly source: object | undefined }[] = [];

  constructor(private readonly clock: { wallMs(): number }) {}

  /** Whether anybody listens. */
  get isObserved(): boolean {
    return this.listeners.length > 0;
  }

  /** Whether a listener has asked for this kind, or for all. */
  isAwaited(kind: ResilienceEvent['kind']): boolean {
    return this.areAllAwaited || this.named.has(kind);
  }

  /**
   * Adds a listener to events of these kinds, or of all; answers how to take it away. Whoever names kinds does not
   * cause the others to be made: a refusal that nobody wants to hear of costs a third less.
   */
  listen(listener: Listener, kinds?: Kinds): () => void {
    const added = { listener, kinds };
    this.set([...this.listeners, added]);
    return () => this.set(this.listeners.filter((each) => each !== added));
  }

  /** Hears of callbacks that threw; answers how to take it away. */
  onReport(reporter: Reporter): () => void {
    this.reporters = [...this.reporters, reporter];
    return () => {
      this.reporters = this.reporters.filter((each) => each !== reporter);
    };
  }

  /** Tells all listeners, in the order of happening. */
  emit(event: NewEvent, source?: object): void {
    if (!this.isAwaited(event.kind)) return;
    const complete = { ...event, timestampMs: this.clock.wallMs() } as ResilienceEvent;
    this.untold.push({ event: complete, source });
    // What a listener causes is told after what it was told of, to all: events keep the order of happening.
    if (this.untold.length > 1) return;
    for (let next = this.untold[0]; next !== undefined; next = this.untold[0]) {
      this.tellAll(next.event, next.source);
      this.untold.shift();
    }
  }

  /** Tells of a callback that threw. */
  report(what: string, error: unknown): void {
    for (const reporter of this.reporters) {
      try {
        reporter(what, error);
      } catch {
        // There is nobody left to tell, and it must not reach the call.
      }
    }
  }

  private set(listeners: EventHub['listeners']): void {
    this.listeners = listeners;
    this.areAllAwaited = listeners.some(({ kinds }) => kinds === undefined);
    this.named = new Set(listeners.flatMap(({ kinds }) => kinds ?? []));
  }

  private tellAll(event: ResilienceEvent, source: object | undefined): void {
    for (const { listener, kinds } of this.listeners) {
      if (kinds !== undefined && !kinds.includes(event.kind)) continue;
      try {
        listener(event, source);
      } catch (error) {
        this.report(`a listener of ${event.kind}`, error);
      }
    }
  }
}
