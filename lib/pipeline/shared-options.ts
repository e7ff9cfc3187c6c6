import { show } from '../core/check.js';
import { InvalidOptionsError } from '../core/errors.js';
import { isSameOption } from './merge.js';

/** What came of adding what one place says. */
export interface AddedOptions {
  /** Whether a field was given that nobody had given before. */
  readonly isNews: boolean;
  /** Makes as if the options had never been added. */
  takeBack(): void;
}

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

  /** Whether nobody names the object. */
  get isEmpty(): boolean {
    return this.sources.length === 0;
  }

  /** Whether nobody names it but code that runs under its name and says nothing of it. */
  get isOnlyUsed(): boolean {
    return this.sources.every(
      ({ place, options }) => place === this.name && Object.keys(options).length === 0,
    );
  }

  /**
   * Adds what one place says, empty options too: who names the object keeps it when others no longer do.
   *
   * @throws {InvalidOptionsError} naming both places, where a field is given another value than before
   */
  add(place: string, options: T): AddedOptions {
    const given = Object.entries(options).filter(([field, value]) => value !== undefined && field !== 'name');
    for (const source of this.sources) {
      const conflict = given.find(([field, value]) => {
        const before = source.options[field];
        return before !== undefined && !isSameOption(before, value);
      });
      if (conflict !== undefined) this.refuse(place, source, conflict);
    }
    const isNews = given.some(([field]) =>
      this.sources.every((source) => source.options[field] === undefined),
    );
    const own = this.sources.filter((source) => source.place === place);
    const isKnown =
      own.length > 0 && given.every(([field]) => own.some(({ options: o }) => o[field] !== undefined));
    if (isKnown) return { isNews, takeBack: () => undefined };
    const added = { place, options: Object.fromEntries(given) };
    this.sources = [...this.sources, added];
    const takeBack = (): void => {
      this.sources = this.sources.filter((source) => source !== added);
    };
    return { isNews, takeBack };
  }

  /** The same without what one place says. */
  without(place: string): SharedOptions<T> {
    const others = new SharedOptions<T>(this.policy, this.name);
    others.sources = this.sources.filter((source) => source.place !== place);
    return others;
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
