/** In the place of a key. */
const KEEPER = Symbol('keeper');

/**
 * A map that is empty most of the time, as one of what is under way. An engine's own map gives its room back when its
 * last entry goes, and takes it again for the next one, which costs more than both: here one entry always stays.
 */
export class PassingMap<V> {
  private readonly map = new Map<string | typeof KEEPER, V | undefined>([[KEEPER, undefined]]);

  get size(): number {
    return this.map.size - 1;
  }

  get(key: string): V | undefined {
    return this.map.get(key);
  }

  set(key: string, value: V): void {
    this.map.set(key, value);
  }

  delete(key: string): void {
    this.map.delete(key);
  }

  /** Those whose value is there, oldest first; one may be deleted while they are gone through. */
  *entries(): IterableIterator<[string, V]> {
    for (const [key, value] of this.map) {
      if (key !== KEEPER && value !== undefined) yield [key, value];
    }
  }
}
