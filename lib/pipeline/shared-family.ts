import { NamedRegistry } from '../core/registry.js';
import { layered } from './merge.js';
import { SharedOptions, type TakeBack } from './shared-options.js';

/** How the shared objects of one kind are made and changed. */
export interface FamilyParts<O extends object, T> {
  /** What they are called in messages: `circuit breaker`. */
  readonly noun: string;
  /** The policy as option messages name it: `circuitBreaker`. */
  readonly policy: string;
  /** What holds where nobody says anything else. */
  readonly defaults: Partial<O> | undefined;
  /** Where named configurations stand in the options of a module: `circuitBreakers`. */
  readonly path: string;
  /** @throws {InvalidOptionsError} naming `place` */
  make(name: string, place: string, options: O): T;
  /** Gives an object other options while it lives. @throws {InvalidOptionsError} naming `place` */
  change(item: T, place: string, options: O): void;
}

/** The shared objects of one kind in one application, each under its name. */
export class SharedFamily<O extends object, T> {
  readonly registry: NamedRegistry<T>;
  private readonly named = new Set<string>();
  private readonly options = new Map<string, SharedOptions<Partial<O>>>();

  constructor(private readonly parts: FamilyParts<O, T>) {
    this.registry = new NamedRegistry(parts.noun);
  }

  /** Adds what a module has named. @throws {InvalidOptionsError} naming both places where two differ */
  addNamed(named: Readonly<Record<string, Partial<O>>> = {}, place = ''): void {
    for (const [name, options] of Object.entries(named)) {
      this.declare(name, `${place}${this.parts.path}.${name}`, options);
      this.named.add(name);
    }
  }

  /**
   * Lays what one place says of a shared object to what others have said.
   *
   * @throws {InvalidOptionsError} naming both places where they differ
   */
  declare(name: string, place: string, options: Partial<O>): void {
    this.lay(name, place, options);
  }

  /**
   * The object of this name with what one more place says of it. Options that cannot be meant leave nothing
   * behind: who names the object later is not refused for them.
   *
   * @throws {InvalidOptionsError} naming the option that cannot be meant, or both places where two differ
   */
  claim(name: string, place: string, options: Partial<O>): T {
    const takeBack = this.lay(name, place, options);
    return undoneByError(takeBack, () => this.obtain(name, place));
  }

  /** The object of this name, if it exists or somebody has said what it should be. */
  find(name: string): T | undefined {
    const existing = this.registry.find(name);
    return existing === undefined && this.options.has(name)
      ? this.obtain(name, `${this.parts.path}.${name}`)
      : existing;
  }

  /** The object of this name, made with all that was said of it when it is first asked for. */
  obtain(name: string, place: string): T {
    return (
      this.registry.find(name) ?? this.registry.add(name, this.parts.make(name, place, this.optionsOf(name)))
    );
  }

  /** An object that belongs to one method alone. */
  own(operation: string, options: Partial<O>): T {
    const complete = layered<Partial<O>>(this.parts.defaults, options) as O;
    const item = this.parts.make(operation, operation, complete);
    return this.registry.add(this.freeName(operation), item);
  }

  /** A method with a foreign decorator between two of ours may have two of one kind. */
  private freeName(operation: string): string {
    return this.registry.find(operation) === undefined ? operation : `${operation} (inner)`;
  }

  /** Makes all that the module has named, so that a wrong option stops the boot and the registry knows them. */
  obtainNamed(): void {
    for (const name of this.named) this.obtain(name, `${this.parts.path}.${name}`);
  }

  private lay(name: string, place: string, options: Partial<O>): TakeBack | undefined {
    const known = this.options.get(name);
    const shared = known ?? new SharedOptions<Partial<O>>(this.parts.policy, name);
    const takeOut = shared.add(place, options);
    this.options.set(name, shared);
    const takeBack = known === undefined ? (): unknown => this.options.delete(name) : takeOut;
    const existing = this.registry.find(name);
    if (takeOut === undefined || existing === undefined) return takeBack;
    undoneByError(takeBack, () => this.parts.change(existing, place, this.optionsOf(name)));
    return takeBack;
  }

  private optionsOf(name: string): O {
    // What is still missing is refused by `make`.
    return layered<Partial<O>>(this.parts.defaults, this.options.get(name)?.together) as O;
  }
}

/** What the work gives; where it throws, what was added for it is taken back. */
function undoneByError<R>(takeBack: TakeBack | undefined, work: () => R): R {
  try {
    return work();
  } catch (error) {
    takeBack?.();
    throw error;
  }
}
