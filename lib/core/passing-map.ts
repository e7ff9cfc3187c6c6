/** In the place of a key. */
const KEEPER = Symbol('keeper');

/** What stands under a key, until it is deleted. */
interface Place<V> {
  value: V | undefined;
}

/**
 * A map that is empty most of the time, as one of what is under way. An engine's own map gives its room back when its
 * last entry goes, and takes it again for the next one, which costs more than both: here one entry always stays. The
 * values stand in places that are emptied when they go: what a table of the map holds may live on, as that of a set
 * does (see `passing-list.ts`).
 */
export class PassingMap<V> {
  private readonly map = new Map<string | typeof KEEPER, Place<V>>([[KEEPER, { value: undefined }]]);

  get size(): number {
    return this.map.size - 1;
  }

  get(key: string): V | undefined {
    return this.map.get(key)?.value;
  }

  set(key: string, value: V): void {
    const place = this.map.get(key);
    if (place === undefined) this.map.set(key, { value });
    else place.value = value;
  }

  delete(key: string): void {
    const place = this.map.get(key);
    if (place === undefined) return;
    place.value = undefined;
    this.map.delete(key);
  }

  /** Those that are there, oldest first; one may be deleted while they are gone through. */
  *entries(): IterableIterator<[string, V]> {
    for (const [key, { value }] of this.map) {
      if (key !== KEEPER && value !== undefined) yield [key, value];
    }
  }
}
