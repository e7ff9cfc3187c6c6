import type { ClassRegister, KnownClass } from './class-register.js';
import { builtInName, classNameOf, hasNoMembers } from './built-in-names.js';
import { NotStorableError, TooLongError } from './codec.errors.js';
import { hasMembersBesides, hasVisibleSymbols, isList, isObjectPrototype } from './plain-json.js';

/**
 * The value as JSON in which every list begins with a tag: `["u"]` is `undefined`, `["a", …]` an array and so on.
 * Texts, finite numbers, booleans and null stand for themselves.
 *
 * @throws {NotStorableError} for functions, symbols, cycles and instances of classes that nobody has registered
 * @throws {TooLongError} for what would be longer than so many bytes
 */
export function toTagged(value: unknown, classes: ClassRegister, maxBytes: number): unknown {
  return new Encoder(classes, maxBytes).node(value);
}

class Encoder {
  private readonly ancestors: object[] = [];
  private readonly steps: string[] = [];

  private left: number;

  constructor(
    private readonly classes: ClassRegister,
    private readonly maxBytes: number,
  ) {
    this.left = maxBytes;
  }

  node(value: unknown): unknown {
    // No value is shorter.
    this.take(1);
    switch (typeof value) {
      case 'string':
        this.take(value.length);
        return value;
      case 'undefined':
        return ['u'];
      case 'number':
        return numberNode(value);
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
    if (Array.isArray(value) && isList(value)) return this.array(value);
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

  private array(value: readonly unknown[]): unknown[] {
    this.take(value.length);
    if (hasMembersBesides(value)) this.refuse('is an array with members besides its values');
    return ['a', ...this.list(value)];
  }

  private list(values: Iterable<unknown>): unknown[] {
    // A hole reads as `undefined`, and comes back as one.
    return Array.from(values, (each, index) => this.step(`[${index}]`, each));
  }

  private members(value: object): unknown[] {
    if (hasVisibleSymbols(value)) this.refuse('has a member named by a symbol');
    return Object.keys(value).flatMap((name) => {
      this.take(name.length + 2);
      const member = (value as Readonly<Record<string, unknown>>)[name];
      return [name, this.step(`.${name}`, member)];
    });
  }

  private builtIn(value: object): unknown[] | undefined {
    const type = builtInName(value);
    if (type === undefined) return undefined;
    if (ArrayBuffer.isView(value)) return this.view(type, value);
    if (!hasNoMembers(type)) return this.error(type, value as Error);
    if (Object.keys(value).length > 0) this.refuse(`is a ${type} with members of its own`);
    return this.content(type, value);
  }

  private content(type: string, value: object): unknown[] {
    switch (type) {
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
      default:
        return this.bytes(type, Buffer.from(value as ArrayBuffer));
    }
  }

  private view(type: string, { buffer, byteOffset, byteLength }: ArrayBufferView): unknown[] {
    return this.bytes(type, Buffer.from(buffer, byteOffset, byteLength));
  }

  private bytes(type: string, content: Buffer): unknown[] {
    this.take(content.byteLength);
    return ['b', type, content.toString('base64')];
  }

  private error(type: string, error: Error): unknown[] {
    if (type !== 'AggregateError') return errorNode(type, error);
    return ['g', errorNode('Error', error), ...this.list((error as AggregateError).errors)];
  }

  private take(bytes: number): void {
    this.left -= bytes;
    if (this.left < 0) throw new TooLongError(this.maxBytes);
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

function numberNode(value: number): unknown {
  if (Object.is(value, -0)) return ['n', '-0'];
  return Number.isFinite(value) ? value : ['n', String(value)];
}

function errorNode(type: string, error: Error & { readonly code?: unknown }): unknown[] {
  const { code } = error;
  const hasCode = typeof code === 'string' || typeof code === 'number';
  return ['e', type, error.name, error.message, ...(hasCode ? [code] : [])];
}
