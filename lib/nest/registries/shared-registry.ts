import type { SharedFamily } from '../../pipeline/index.js';

/** What is shared under a name in one application: registries of breakers, bulkheads and rate limiters. */
export abstract class SharedRegistry<O extends object, T extends { snapshot(): S }, S> {
  protected constructor(private readonly family: SharedFamily<O, T>) {}

  /** @throws {InvalidOptionsError} naming the known ones, where there is none of this name */
  get(name: string): T {
    return this.find(name) ?? this.family.registry.get(name);
  }

  find(name: string): T | undefined {
    return this.family.find(name);
  }

  /**
   * The one of this name, made where there is none; given options are laid to those that others have given.
   *
   * @throws {InvalidOptionsError} naming both places, where an option is given another value than elsewhere
   */
  getOrCreate(name: string, options?: Partial<O>): T {
    if (options !== undefined) this.family.declare(name, `getOrCreate('${name}')`, options);
    return this.family.obtain(name, `getOrCreate('${name}')`);
  }

  names(): readonly string[] {
    this.family.obtainNamed();
    return this.family.registry.names();
  }

  /** A snapshot of each, as they are now. */
  list(): readonly S[] {
    this.family.obtainNamed();
    return this.family.registry.all().map((each) => each.snapshot());
  }
}
