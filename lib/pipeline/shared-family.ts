import { NamedRegistry } from '../core/registry.js';
import { layered } from './merge.js';
import { SharedOptions } from './shared-options.js';

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
  /** What one place says, where others may say the rest. @throws {InvalidOptionsError} naming `place` */
  check(place: string, options: O): unknown;
  /** `entry` is the name in the registry. @throws {InvalidOptionsError} naming `place` */
  make(name: string, place: string, options: O, entry: string): T;
  /** Checks other options for an object that lives; what it answers lays them upon it. @throws {InvalidOptionsError} naming `place` */
  change(item: T, place: string, options: O): () => void;
  /** Nobody names the object any more: who follows its state is told that it ended. */
  retire?(item: T): void;
}

/** The shared objects of one kind in one application, each under its name. */
export class SharedFamily<O extends object, T> {
  readonly registry: NamedRegistry<T>;
  private named = new Set<string>();
  private owned = new Set<string>();
  private options = new Map<string, SharedOptions<Partial<O>>>();
  private defaults: Partial<O> | undefined;
  /** What a successor would do to the objects that it has inherited. */
  private readonly pending = new Map<T, () => void>();

  constructor(private readonly parts: FamilyParts<O, T>) {
    this.registry = new NamedRegistry(parts.noun);
    this.defaults = parts.defaults;
  }

  /**
   * Adds what a module has named.
   *
   * @throws {InvalidOptionsError} naming the option that cannot be meant, or both places where two differ
   */
  addNamed(named: Readonly<Record<string, Partial<O>>> = {}, place = ''): void {
    for (const [name, options] of Object.entries(named)) {
      const path = `${place}${this.parts.path}.${name}`;
      // Here and not with the object: then a method that only names it would be blamed.
      this.parts.check(path, layered<Partial<O>>(this.defaults, options) as O);
      this.declare(name, path, options);
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
    return existing === undefined && this.options.has(name) ? this.obtain(name, this.pathOf(name)) : existing;
  }

  /** The object of this name, made with all that was said of it when it is first asked for. */
  obtain(name: string, place: string): T {
    return (
      this.registry.find(name) ??
      this.registry.add(name, this.parts.make(name, place, this.optionsOf(name), name))
    );
  }

  /** An object that belongs to one method alone. */
  own(operation: string, options: Partial<O>): T {
    const complete = layered<Partial<O>>(this.defaults, options) as O;
    const entry = this.freeName(operation);
    const item = this.parts.make(operation, operation, complete, entry);
    this.owned.add(entry);
    return this.registry.add(entry, item);
  }

  /** Makes all that the module has named, so that a wrong option stops the boot and the registry knows them. */
  obtainNamed(): void {
    for (const name of this.named) this.obtain(name, this.pathOf(name));
  }

  /**
   * The family as it would be under other options of the root module. Objects that live go over into it with what
   * they hold; nothing of them changes before `adopt`. What belongs to methods has yet to be compiled.
   *
   * @throws {InvalidOptionsError} naming the option that cannot be meant, or both places where two differ
   */
  successor(named: Readonly<Record<string, Partial<O>>> = {}, defaults?: Partial<O>): SharedFamily<O, T> {
    const next = new SharedFamily<O, T>(
      this.inheriting(defaults, (item, change) => next.pending.set(item, change)),
    );
    for (const [name, shared] of this.options) {
      const others = shared.without(this.pathOf(name));
      const isNamed = this.named.has(name);
      if (isNamed ? others.isOnlyUsed : others.isEmpty) continue;
      next.options.set(name, others);
      if (isNamed) next.named.add(name);
    }
    next.addNamed(named);
    for (const name of this.registry.names()) {
      const isNobodys = this.owned.has(name) || (this.options.has(name) && !next.options.has(name));
      if (!isNobodys) next.obtain(name, this.pathOf(name));
    }
    next.obtainNamed();
    return next;
  }

  /** Becomes what its successor is: from now on its options hold, and what nobody names any more is gone. */
  adopt(next: SharedFamily<O, T>): void {
    this.named = next.named;
    this.owned = next.owned;
    this.options = next.options;
    this.defaults = next.defaults;
    const gone = this.registry.adopt(next.registry);
    for (const item of gone) this.parts.retire?.(item);
    for (const change of next.pending.values()) change();
  }

  private inheriting(
    defaults: Partial<O> | undefined,
    later: (item: T, change: () => void) => void,
  ): FamilyParts<O, T> {
    const { parts, registry } = this;
    const change: FamilyParts<O, T>['change'] = (item, place, options) => {
      later(item, parts.change(item, place, options));
      return () => undefined;
    };
    const make: FamilyParts<O, T>['make'] = (name, place, options, entry) => {
      const living = registry.find(entry);
      if (living === undefined) return parts.make(name, place, options, entry);
      change(living, place, options);
      return living;
    };
    return { ...parts, defaults, make, change };
  }

  /** A method with a foreign decorator between two of ours may have two of one kind. */
  private freeName(operation: string): string {
    return this.registry.find(operation) === undefined ? operation : `${operation} (inner)`;
  }

  private pathOf(name: string): string {
    return `${this.parts.path}.${name}`;
  }

  private lay(name: string, place: string, options: Partial<O>): () => void {
    const known = this.options.get(name);
    const shared = known ?? new SharedOptions<Partial<O>>(this.parts.policy, name);
    const added = shared.add(place, options);
    this.options.set(name, shared);
    const takeBack = known === undefined ? (): unknown => this.options.delete(name) : () => added.takeBack();
    const existing = this.registry.find(name);
    if (!added.isNews || existing === undefined) return takeBack;
    undoneByError(takeBack, () => this.parts.change(existing, place, this.optionsOf(name)))();
    return takeBack;
  }

  private optionsOf(name: string): O {
    // What is still missing is refused by `make`.
    return layered<Partial<O>>(this.defaults, this.options.get(name)?.together) as O;
  }
}

/** What the work gives; where it throws, what was added for it is taken back. */
function undoneByError<R>(takeBack: () => unknown, work: () => R): R {
  try {
    return work();
  } catch (error) {
    takeBack();
    throw error;
  }
}
