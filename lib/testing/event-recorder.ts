import type { ResilienceEvent } from '../core/events.js';

/** Anything that tells of events: `ResilienceEvents`, an `EventHub`, any Observable of events. */
export interface EventSource {
  /** Tells of every event from now on. */
  subscribe?(listener: (event: ResilienceEvent) => void): { unsubscribe(): void };
  /** The same; answers how to stop. */
  listen?(listener: (event: ResilienceEvent) => void): () => void;
}

/** Keeps the events of an application in the order in which they happened. */
export class EventRecorder {
  private readonly recorded: ResilienceEvent[] = [];
  private stopListening: (() => void) | undefined;

  constructor(source: EventSource) {
    const keep = (event: ResilienceEvent): void => {
      this.recorded.push(event);
    };
    if (source.listen !== undefined) {
      this.stopListening = source.listen(keep);
      return;
    }
    const subscription = source.subscribe?.(keep);
    this.stopListening = () => subscription?.unsubscribe();
  }

  /** Everything so far, oldest first. */
  get all(): readonly ResilienceEvent[] {
    return [...this.recorded];
  }

  /** The kinds of everything so far, oldest first. */
  get kinds(): readonly ResilienceEvent['kind'][] {
    return this.recorded.map((event) => event.kind);
  }

  /** The events of one kind, oldest first. */
  of<K extends ResilienceEvent['kind']>(kind: K): readonly Extract<ResilienceEvent, { kind: K }>[] {
    return this.recorded.filter(
      (event): event is Extract<ResilienceEvent, { kind: K }> => event.kind === kind,
    );
  }

  /** How many events of each kind there were. */
  counts(): Readonly<Partial<Record<ResilienceEvent['kind'], number>>> {
    const counts: Partial<Record<ResilienceEvent['kind'], number>> = {};
    for (const { kind } of this.recorded) counts[kind] = (counts[kind] ?? 0) + 1;
    return counts;
  }

  /** Forgets everything so far. */
  clear(): void {
    this.recorded.length = 0;
  }

  /** Stops recording. */
  stop(): void {
    this.stopListening?.();
    this.stopListening = undefined;
  }
}
