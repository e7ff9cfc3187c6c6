/** One place in a list, and what stands there as long as it does. */
interface Place<T> {
  value: T | undefined;
  previous: Place<T> | undefined;
  next: Place<T> | undefined;
}

/**
 * A list of what is under way, the one that came first in front; to enter and to leave cost the same however many
 * there are. A `Set` would do, but for its memory: V8 makes it a new table now and then, the table before outlives
 * the next collections of young objects, and so does all that it held by then, down to the requests that have long
 * been answered. Here nothing that has left is held by anything.
 */
export class PassingList<T extends object> {
  private first: Place<T> | undefined;
  private last: Place<T> | undefined;

  /** Whether nothing is under way. */
  get isEmpty(): boolean {
    return this.first === undefined;
  }

  /** Stands at the end from now on, as often as it enters; answers how to leave, which does nothing a second time. */
  enter(value: T): () => void {
    const place: Place<T> = { value, previous: this.last, next: undefined };
    if (this.last === undefined) this.first = place;
    else this.last.next = place;
    this.last = place;
    return () => this.leave(place);
  }

  /** Takes the first out; `undefined` where there is none. */
  takeFirst(): T | undefined {
    const { first } = this;
    if (first === undefined) return undefined;
    const { value } = first;
    this.leave(first);
    return value;
  }

  private leave(place: Place<T>): void {
    if (place.value === undefined) return;
    const { previous, next } = place;
    if (previous === undefined) this.first = next;
    else previous.next = next;
    if (next === undefined) this.last = previous;
    else next.previous = previous;
    place.value = undefined;
    place.previous = undefined;
    place.next = undefined;
  }
}
