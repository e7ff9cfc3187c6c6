import { show } from '../core/check.js';
import { InvalidOptionsError } from '../core/errors.js';
import { isSameOption } from './merge.js';

/** Makes as if options had never been added. */
export type TakeBack = () => unknown;

/** Where options of a shared object were written. */
interface Source {
  /** `Class.method`, or the path of a module option. */
  readonly place: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/**
 * The options of one shared, named object, laid together from everywhere it is named: a field that is given twice
 * must be given alike, whatever any precedence would say.
 */
export class SharedOptions<T extends object> {
  private sources: readonly Source[] = [];

  constructor(
    private readonly policy: string,
    private readonly name: string,
  ) {}

  /**
   * Adds what one place says; answers how to take it back, where that was news.
   *
   * @throws {InvalidOptionsError} naming both places, where a field is given another value than before
   */
  add(place: string, options: T): TakeBack | undefined {
    const given = Object.entries(options).filter(([field, value]) => value !== undefined && field !== 'name');
    for (const source of this.sources) {
      const conflict = given.find(([field, value]) => {
        const before = source.options[field];
        return before !== undefined && !isSameOption(before, value);
      });
      if (conflict !== undefined) this.refuse(place, source, conflict);
    }
    const isKnown = given.every(([field]) =>
      this.sources.some((source) => source.options[field] !== undefined),
    );
    if (isKnown) return undefined;
    const added = { place, options: Object.fromEntries(given) };
    this.sources = [...this.sources, added];
    return () => {
      this.sources = this.sources.filter((source) => source !== added);
    };
  }

  /** All fields together. */
  get together(): T {
    // Each source is a part of these options.
    return Object.assign({}, ...this.sources.map((source) => source.options)) as T;
  }

  private refuse(place: string, source: Source, [field, value]: readonly [string, unknown]): never {
    const before = show(source.options[field]);
    const expected = `of "${this.name}" is ${show(value)} here and ${before} at ${source.place}: a shared object has one value for each option`;
    throw new InvalidOptionsError({ operation: place, policy: this.policy, field, value, expected });
  }
}
