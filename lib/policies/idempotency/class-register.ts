import { OptionCheck } from '../../core/check.js';

type AnyClass = abstract new (...args: never[]) => object;

/** What is in instances of these, and of classes that extend them, is not among their members. */
const HIDING: readonly AnyClass[] = [
  AggregateError,
  Array,
  ArrayBuffer,
  Boolean,
  DataView,
  // oxlint-disable-next-line no-restricted-globals -- its instances, not the time of now
  Date,
  Map,
  Number,
  Promise,
  RegExp,
  Set,
  String,
  URL,
  // The class behind all typed arrays and buffers, which has no name of its own.
  Object.getPrototypeOf(Uint8Array) as AnyClass,
];

/** A class whose instances the codec may keep and bring back. */
export interface RegisteredClass<T extends object = object> {
  /** The class. */
  readonly type: abstract new (...args: never[]) => T;
  /** Stored in place of the class; state it where names are minified. @defaultValue the name of the class */
  readonly name?: string;
  /**
   * What is kept of an instance, by default its own members; an instance that shows none is refused. Classes that
   * extend a built-in with content of its own (`Map`, `Array`, `Date` …) need both, `encode` and `decode`.
   */
  // Method syntax: a function for one class fits where any class is meant.
  encode?(instance: T): unknown;
  /** An instance of what was kept; by default one that has these members, made without its constructor. */
  decode?(kept: unknown): T;
}

/** A class as the codec knows it. */
export interface KnownClass {
  readonly name: string;
  /** Whether its own members are what is kept. */
  readonly isKeptByMembers: boolean;
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
      checkContent(check, registered);
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
      isKeptByMembers: registered.encode === undefined,
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

/** Kept by its members, it would come back empty. */
function checkContent(check: OptionCheck, { type, encode, decode }: RegisteredClass): void {
  if (encode !== undefined && decode !== undefined) return;
  const hiding = HIDING.find((each) => type === each || type.prototype instanceof each);
  if (hiding === undefined) return;
  const content = `what an instance of ${hiding.name || 'a typed array'} holds is not among its members`;
  check.refuse('classes', type, `must state \`encode\` and \`decode\`: ${content}`);
}

/** What an error has that cannot be seen among its members. */
function messageOf(instance: object): object {
  return instance instanceof Error ? { name: instance.name, message: instance.message } : {};
}

function revived(type: AnyClass, kept: unknown): object {
  // Made with its prototype, not given one later: nothing that was stored decides what it becomes.
  const instance = Object.create(type.prototype as object) as object;
  const isError = instance instanceof Error;
  for (const [name, value] of Object.entries(kept ?? {})) {
    if (isError && (name === 'name' || name === 'message')) hide(instance, name, value);
    else define(instance, name, value);
  }
  // No stack of ours: it would be that of the replay, not of the failure.
  if (isError) hide(instance, 'stack', `${instance.name}: ${instance.message}`);
  return instance;
}

/** An own member that is not enumerable, as those of an error are; none where the prototype says the same. */
export function hide(target: object, name: string, value: unknown): void {
  if (Reflect.get(target, name) === value) return;
  Object.defineProperty(target, name, { value, configurable: true, writable: true });
}

/** An own member of this name, `__proto__` included. */
export function define(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
}
