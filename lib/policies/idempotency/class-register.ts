import { OptionCheck } from '../../core/check.js';

type AnyClass = abstract new (...args: never[]) => object;

/** A class whose instances the codec may keep and bring back. */
export interface RegisteredClass<T extends object = object> {
  /** The class. */
  readonly type: abstract new (...args: never[]) => T;
  /** Stored in place of the class; state it where names are minified. @defaultValue the name of the class */
  readonly name?: string;
  /** What is kept of an instance, by default its own members. */
  // Method syntax: a function for one class fits where any class is meant.
  encode?(instance: T): unknown;
  /** An instance of what was kept; by default one that has these members, made without its constructor. */
  decode?(kept: unknown): T;
}

/** A class as the codec knows it. */
export interface KnownClass {
  readonly name: string;
  encode(instance: object): unknown;
  decode(kept: unknown): object;
}

/** The classes that a codec may write and read, by prototype and by name. */
export class ClassRegister {
  private readonly byPrototype = new Map<object, KnownClass>();
  private readonly byName = new Map<string, KnownClass>();

  /** @throws {InvalidOptionsError} where two classes have one name, or something is no class */
  constructor(classes: readonly RegisteredClass[]) {
    const check = new OptionCheck('idempotent', 'codec');
    for (const registered of classes) {
      const { type, name = typeof type === 'function' ? type.name : '' } = registered;
      if (typeof type !== 'function') check.refuse('classes', type, 'must hold classes as { type }');
      check.text('classes.name', name);
      if (this.byName.has(name)) check.refuse('classes', name, 'holds two classes of one name: state `name`');
      this.add(name, registered);
    }
  }

  of(instance: object): KnownClass | undefined {
    return this.byPrototype.get(Object.getPrototypeOf(instance) as object);
  }

  named(name: string): KnownClass | undefined {
    return this.byName.get(name);
  }

  private add(name: string, registered: RegisteredClass): void {
    const { type } = registered;
    const known: KnownClass = {
      name,
      encode: (instance) =>
        registered.encode === undefined
          ? { ...messageOf(instance), ...instance }
          : registered.encode(instance),
      decode: (kept) => (registered.decode === undefined ? revived(type, kept) : registered.decode(kept)),
    };
    this.byPrototype.set(type.prototype as object, known);
    this.byName.set(name, known);
  }
}

/** What an error has that cannot be seen among its members. */
function messageOf(instance: object): object {
  return instance instanceof Error ? { name: instance.name, message: instance.message } : {};
}

function revived(type: AnyClass, kept: unknown): object {
  // Made with its prototype, not given one later: nothing that was stored decides what it becomes.
  const instance = Object.create(type.prototype as object) as object;
  for (const [name, value] of Object.entries(kept ?? {})) define(instance, name, value);
  return instance;
}

/** An own member of this name, `__proto__` included. */
export function define(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
}
