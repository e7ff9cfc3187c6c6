import type { ClassRegister, KnownClass } from './class-register.js';
import { hasVisibleSymbols, isList, isObjectPrototype } from './plain-json.js';

/** A value cannot be kept so that it comes back as it is. */
export class NotStorableError extends Error {
  constructor(
    /** Where in the value; empty for the value itself. */
    readonly path: string,
    /** Why, as the end of a sentence. */
    readonly why: string,
    options?: ErrorOptions & { readonly className?: string },
  ) {
    super(`${path === '' ? 'the value' : path} ${why}`, options);
    this.name = 'NotStorableError';
    this.className = options?.className;
  }

  /** The class that nobody has registered, where that is the reason. */
  readonly className: string | undefined;
}

/** Errors whose classes every realm has. */
export const BUILT_IN_ERRORS = {
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
} as const;

/**
 * The value as JSON in which every list begins with a tag: `["u"]` is `undefined`, `["a", …]` an array and so on.
 * Texts, finite numbers, booleans and null stand for themselves.
 *
 * @throws {NotStorableError} for functions, symbols, cycles and instances of classes that nobody has registered
 */
export function toTagged(value: unknown, classes: ClassRegister): unknown {
  return new Encoder(classes).node(value);
}

class Encoder {
  private readonly ancestors: object[] = [];
  private readonly steps: string[] = [];

  constructor(private readonly classes: ClassRegister) {}

  node(value: unknown): unknown {
    switch (typeof value) {
      case 'undefined':
        return ['u'];
      case 'number':
        return Number.isFinite(value) && !Object.is(value, -0) ? value : ['n', numberText(value)];
      case 'bigint':
        return ['i', String(value)];
      case 'function':
      case 'symbol':
        return this.refuse(`is a ${typeof value}`);
      case 'object':
        return value === null ? null : this.within(value);
      default:
        return value;
    }
  }

  private within(value: object): unknown {
    if (this.ancestors.includes(value)) this.refuse('leads back to a value that contains it');
    this.ancestors.push(value);
    const node = this.object(value);
    this.ancestors.pop();
    return node;
  }

  private object(value: object): unknown {
    if (Array.isArray(value) && isList(value)) return ['a', ...this.list(value)];
    const known = this.classes.of(value);
    if (known !== undefined) return this.instance(value, known);
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === null) return ['p', ...this.members(value)];
    if (isObjectPrototype(prototype)) return ['o', ...this.members(value)];
    return this.builtIn(value) ?? this.refuseInstance(value);
  }

  private instance(value: object, known: KnownClass): unknown {
    // A private field, or what a built-in hides: it would come back without it.
    const showsNothing =
      known.isKeptByMembers && !(value instanceof Error) && Object.keys(value).length === 0;
    if (showsNothing) this.refuse(`shows no members to keep: register ${known.name} with encode and decode`);
    return ['c', known.name, this.step(known.name, known.encode(value))];
  }

  private list(values: Iterable<unknown>): unknown[] {
    // A hole reads as `undefined`, and comes back as one.
    return Array.from(values, (each, index) => this.step(`[${index}]`, each));
  }

  private members(value: object): unknown[] {
    if (hasVisibleSymbols(value)) this.refuse('has a member named by a symbol');
    return Object.keys(value).flatMap((name) => {
      const member = (value as Readonly<Record<string, unknown>>)[name];
      return [name, this.step(`.${name}`, member)];
    });
  }

  private builtIn(value: object): unknown[] | undefined {
    const type = builtInName(value);
    switch (type) {
      case undefined:
        return undefined;
      case 'Date':
        return ['d', Number.isNaN(Number(value)) ? null : Number(value)];
      case 'Map':
        return ['m', ...this.list([...(value as Map<unknown, unknown>)].flat(1))];
      case 'Set':
        return ['s', ...this.list(value as Set<unknown>)];
      case 'RegExp':
        return ['r', (value as RegExp).source, (value as RegExp).flags];
      case 'URL':
        return ['l', (value as URL).href];
      case 'ArrayBuffer':
        return ['b', type, Buffer.from(value as ArrayBuffer).toString('base64')];
      default:
        return ArrayBuffer.isView(value) ? bytesNode(type, value) : this.error(type, value as Error);
    }
  }

  private error(type: string, error: Error): unknown[] {
    if (type !== 'AggregateError') return errorNode(type, error);
    return ['g', errorNode('Error', error), ...this.list((error as AggregateError).errors)];
  }

  private step(name: string, value: unknown): unknown {
    this.steps[this.ancestors.length - 1] = name;
    return this.node(value);
  }

  private refuseInstance(value: object): never {
    const className = classNameOf(value);
    const why = `is an instance of ${className}, which is not registered with the codec (idempotency.codec: new JsonCodec([{ type: ${className} }]))`;
    throw new NotStorableError(this.path(), why, { className });
  }

  private refuse(why: string): never {
    throw new NotStorableError(this.path(), why);
  }

  private path(): string {
    return this.steps.slice(0, this.ancestors.length).join('');
  }
}

function numberText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

function bytesNode(type: string, view: ArrayBufferView): unknown[] {
  return ['b', type, Buffer.from(view.buffer, view.byteOffset, view.byteLength).toString('base64')];
}

function errorNode(type: string, error: Error & { readonly code?: unknown }): unknown[] {
  const { code } = error;
  const hasCode = typeof code === 'string' || typeof code === 'number';
  return ['e', type, error.name, error.message, ...(hasCode ? [code] : [])];
}

const MARKED = ['Date', 'Map', 'Set', 'RegExp', 'ArrayBuffer'];

/** The type of a value that this runtime itself has made; `undefined` for instances of classes that extend it. */
function builtInName(value: object): string | undefined {
  const name = classNameOf(value);
  const mark = Object.prototype.toString.call(value).slice(8, -1);
  if (ArrayBuffer.isView(value))
    return name === (Buffer.isBuffer(value) ? 'Buffer' : mark) ? name : undefined;
  if (mark === 'Error') return isBuiltInError(name) ? name : undefined;
  if (value instanceof URL) return name === 'URL' ? name : undefined;
  return mark === name && MARKED.includes(name) ? name : undefined;
}

function isBuiltInError(name: string): boolean {
  return name === 'AggregateError' || Object.hasOwn(BUILT_IN_ERRORS, name);
}

function classNameOf(value: object): string {
  const { constructor } = value;
  // Older versions of Node call the class of a buffer so.
  if (typeof constructor !== 'function') return 'no class';
  return constructor.name === 'FastBuffer' ? 'Buffer' : constructor.name;
}
