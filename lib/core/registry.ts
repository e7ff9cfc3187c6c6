import { InvalidOptionsError } from './errors.js';

/** What is shared under a name in one application. */
export class NamedRegistry<T> {
  private readonly items = new Map<string, T>();
  private readonly listeners = new Set<(name: string, item: T) => void>();

  constructor(
    /** What is kept here, as messages call it: `circuit breaker`. */
    private readonly noun: string,
  ) {}

  /** @throws {InvalidOptionsError} naming the known ones, where there is none of that name */
  get(name: string): T {
    const found = this.items.get(name);
    if (found !== undefined) return found;
    const expected = `names no ${this.noun}: "${name}" is unknown (known: ${this.known})`;
    throw new InvalidOptionsError({
      operation: 'registry',
      policy: this.noun,
      field: 'name',
      value: name,
      expected,
    });
  }

  find(name: string): T | undefined {
    return this.items.get(name);
  }

  names(): readonly string[] {
    return [...this.items.keys()];
  }

  all(): readonly T[] {
    return [...this.items.values()];
  }

  add(name: string, item: T): T {
    this.items.set(name, item);
    for (const listener of this.listeners) listener(name, item);
    return item;
  }

  /**
   * Has from now on what another one has: what both have stays in its place, the rest is taken away or added.
   * Answers what was taken away.
   */
  adopt(next: NamedRegistry<T>): readonly T[] {
    const gone = [...this.items].filter(([name]) => !next.items.has(name));
    for (const [name] of gone) this.items.delete(name);
    for (const [name, item] of next.items) {
      if (this.items.get(name) !== item) this.add(name, item);
    }
    return gone.map(([, item]) => item);
  }

  /** Hears of everything that is added from now on. */
  onAdded(listener: (name: string, item: T) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** The names for a message. */
  get known(): string {
    return this.items.size === 0 ? 'none' : this.names().join(', ');
  }
}
