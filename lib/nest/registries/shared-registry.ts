import { filter, type Observable } from 'rxjs';
import type { ResilienceEvent } from '../../core/index.js';
import type { SharedFamily } from '../../pipeline/index.js';
import type { ResilienceEvents } from '../resilience.events.js';
import type { ResilienceRuntime } from '../runtime/index.js';

/** The events of some kinds. */
export type EventOf<K extends ResilienceEvent['kind']> = Extract<ResilienceEvent, { readonly kind: K }>;

/** The events of these kinds alone. */
export function eventsOf<K extends ResilienceEvent['kind']>(
  events: ResilienceEvents,
  ...kinds: readonly K[]
): Observable<EventOf<K>> {
  const known: readonly string[] = kinds;
  return events.pipe(filter((event): event is EventOf<K> => known.includes(event.kind)));
}

/** What is shared under a name in one application: registries of breakers, bulkheads and rate limiters. */
export abstract class SharedRegistry<O extends object, T extends { snapshot(): S }, S> {
  protected constructor(
    private readonly runtime: ResilienceRuntime,
    private readonly family: SharedFamily<O, T>,
  ) {}

  /**
   * The one of this name.
   *
   * @throws {InvalidOptionsError} naming the known ones, where there is none
   */
  get(name: string): T {
    // The family's own registry knows the message.
    return this.find(name) ?? this.known.get(name);
  }

  /** The one of this name, `undefined` where there is none. */
  find(name: string): T | undefined {
    return this.family.find(name) ?? this.known.find(name);
  }

  /**
   * The one of this name, made where there is none; given options are laid to those that others have given.
   *
   * @throws {InvalidOptionsError} naming both places, where an option is given another value than elsewhere
   */
  getOrCreate(name: string, options?: Partial<O>): T {
    const place = `getOrCreate('${name}')`;
    this.runtime.addFeatures();
    return options === undefined ? this.family.obtain(name, place) : this.family.claim(name, place, options);
  }

  /** The names of all that the application knows by now. */
  names(): readonly string[] {
    return this.known.names();
  }

  /** A snapshot of each, as they are now. */
  list(): readonly S[] {
    return this.known.all().map((each) => each.snapshot());
  }

  /** With everything that modules have named, lazily loaded ones included. */
  private get known(): SharedFamily<O, T>['registry'] {
    this.runtime.addFeatures();
    this.family.obtainNamed();
    return this.family.registry;
  }
}
