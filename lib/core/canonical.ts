import { type BuiltIn, builtInOf } from './built-in.js';
import { inOrder, LONGEST_TEXT, MANY_PARTS, quoted, TOO_LARGE } from './canonical-words.js';
import { show } from './check.js';
import { className, hasContent, isActive, isPlain, namesBesides } from './object-kinds.js';

/**
 * A value has no canonical form. Never seen by a user: who asks for the form knows the call it belongs to and
 * says so in an error of this package.
 */
export class NotCanonicalError extends Error {
  constructor(
    /** Where in the value, as `[0].items[2].handler`; empty for the value itself. */
    readonly path: string,
    /** Why, as the end of a sentence: `is a function`. */
    readonly why: string,
    options?: ErrorOptions,
  ) {
    super(`${path === '' ? 'the value' : path} ${why}`, options);
    this.name = 'NotCanonicalError';
  }
}

/**
 * Text that two values share only if they are equal: member order, a member that is `undefined`, the sign of
 * zero and the order in which maps and sets were filled make no difference; types do.
 *
 * @throws {NotCanonicalError} for functions, symbols, promises, streams, cycles, what shows no content, and what
 * would be longer than 128 million characters
 */
export function canonicalText(value: unknown): string {
  const walk = new Walk();
  try {
    return walk.text(value);
  } catch (error) {
    if (error instanceof NotCanonicalError) throw error;
    // A getter or a `toJSON` threw, or the value is nested too deeply for the stack.
    throw new NotCanonicalError(walk.path(), 'could not be read', { cause: error });
  }
}

/**
 * Text that two lists of arguments share only if they are equal; `undefined` at their end does not count.
 *
 * @throws {NotCanonicalError} as {@link canonicalText}
 */
export function canonicalArguments(args: readonly unknown[]): string {
  let length = args.length;
  while (length > 0 && args[length - 1] === undefined) length -= 1;
  return canonicalText(length === args.length ? args : args.slice(0, length));
}

/** A value that the walk is in, and the way on from it. */
interface Ancestor {
  readonly value: object;
  readonly above: Ancestor | undefined;
  /** None before the walk goes on. */
  step: string | number | undefined;
}

/** One pass over one value; remembers the way to where it is. */
class Walk {
  private innermost: Ancestor | undefined;
  private parts = 0;
  /** Of objects, once there are many: each is made once, however often it is referred to. */
  private texts: Map<object, string> | undefined;

  text(value: unknown): string {
    switch (typeof value) {
      case 'string':
        return quoted(value);
      case 'bigint':
        return `${value}n`;
      case 'function':
      case 'symbol':
        return this.refuse(`is a ${typeof value}`);
      case 'object':
        return value === null ? 'null' : this.within(value);
      default:
        // Numbers (where -0 reads 0), true, false and undefined: no two of them read alike.
        return String(value);
    }
  }

  /** The way from the whole value to the part that is being read. */
  path(): string {
    let path = '';
    for (let each = this.innermost; each !== undefined; each = each.above) {
      const { step } = each;
      if (step !== undefined) path = `${typeof step === 'number' ? `[${step}]` : `.${step}`}${path}`;
    }
    return path;
  }

  private within(value: object): string {
    const known = this.texts?.get(value);
    if (known !== undefined) return known;
    const above = this.innermost;
    for (let each = above; each !== undefined; each = each.above) {
      if (each.value === value) return this.refuse('leads back to a value that contains it');
    }
    const here: Ancestor = { value, above, step: undefined };
    this.innermost = here;
    const text = Array.isArray(value) ? this.list(value, here) : this.object(value, here);
    this.innermost = above;
    return this.noted(value, text);
  }

  private noted(value: object, text: string): string {
    if (text.length > LONGEST_TEXT) this.refuse(TOO_LARGE);
    this.parts += 1;
    if (this.parts > MANY_PARTS) this.texts ??= new Map();
    this.texts?.set(value, text);
    return text;
  }

  private list(values: readonly unknown[], here: Ancestor): string {
    if (values.length > LONGEST_TEXT / 2) this.refuseHere(TOO_LARGE);
    this.parts += values.length;
    let text = '[';
    for (let index = 0; index < values.length; index += 1) {
      here.step = index;
      text += index === 0 ? this.text(values[index]) : `,${this.text(values[index])}`;
    }
    const names = namesBesides(values);
    return names.length === 0 ? `${text}]` : `${text}]${this.given(values, names, here)}`;
  }

  /** Members that do not count at all where all are undefined. */
  private given(value: object, names: readonly string[], here: Ancestor): string {
    const text = this.members(value, inOrder([...names]), here);
    return text === '{}' ? '' : text;
  }

  private object(value: object, here: Ancestor): string {
    if (isPlain(value)) return this.visible(value, here);
    const builtIn = builtInOf(value);
    if (builtIn !== undefined) return `${this.tagged(builtIn, here)}${this.besides(value, builtIn, here)}`;
    if (isActive(value)) return this.refuseHere('is a promise or a stream');
    return hasContent(value)
      ? this.visible(value, here)
      : this.refuseHere(`shows no content (${className(value)})`);
  }

  /** What a value shows by itself: what its `toJSON` gives, or its own members. */
  private visible(value: object & { readonly toJSON?: unknown }, here: Ancestor): string {
    if (typeof value.toJSON === 'function') {
      here.step = 'toJSON()';
      return this.text(value.toJSON());
    }
    for (const symbol of Object.getOwnPropertySymbols(value)) {
      const isVisible = Object.prototype.propertyIsEnumerable.call(value, symbol);
      if (isVisible) this.refuseHere(`has a member ${show(symbol)}`);
    }
    return this.members(value, inOrder(Object.keys(value)), here);
  }

  private members(value: object, names: readonly string[], here: Ancestor): string {
    let text = '{';
    for (const name of names) {
      // Reads an own member `__proto__` as well: it hides the accessor of the same name.
      const member: unknown = (value as Readonly<Record<string, unknown>>)[name];
      if (member === undefined) continue;
      here.step = name;
      text += `${text.length === 1 ? '' : ','}${quoted(name)}:${this.text(member)}`;
    }
    return `${text}}`;
  }

  private tagged({ tag, parts, isOrdered }: BuiltIn, here: Ancestor): string {
    const texts = parts.map((part, index) => {
      here.step = index;
      return this.text(part);
    });
    return `${tag}(${(isOrdered ? texts : texts.sort()).join(',')})`;
  }

  /** What a class that extends a map, a set … has of its own. Of an error name and message count alone. */
  private besides(value: object, { tag }: BuiltIn, here: Ancestor): string {
    if (tag === 'Error' || ArrayBuffer.isView(value)) return '';
    return this.given(value, Object.keys(value), here);
  }

  /** Refuses the part that the walk is about to enter. */
  private refuse(why: string): never {
    throw new NotCanonicalError(this.path(), why);
  }

  /** Refuses the part that the walk is in. */
  private refuseHere(why: string): never {
    this.innermost = this.innermost?.above;
    return this.refuse(why);
  }
}
