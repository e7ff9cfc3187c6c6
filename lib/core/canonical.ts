import { type BuiltIn, builtInOf } from './built-in.js';
import { show } from './check.js';

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
 * @throws {NotCanonicalError} for functions, symbols, promises, streams, cycles and what shows no content
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

/** Longer texts go to the engine's own escaping at once: a look first would cost more than it saves. */
const SHORT_TEXT = 64;
/** What JSON escapes: a lone surrogate too, which an encoder would turn into U+FFFD. */
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const TO_ESCAPE = /["\\\u0000-\u001f\ud800-\udfff]/;

function quoted(text: string): string {
  return text.length < SHORT_TEXT && !TO_ESCAPE.test(text) ? `"${text}"` : JSON.stringify(text);
}

/** One pass over one value; remembers the way to where it is. */
class Walk {
  private readonly ancestors: object[] = [];
  private readonly steps: (string | number)[] = [];

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
    const names = this.steps.slice(0, this.ancestors.length);
    return names.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('');
  }

  private within(value: object): string {
    if (this.ancestors.includes(value)) return this.refuse('leads back to a value that contains it');
    this.ancestors.push(value);
    const text = Array.isArray(value) ? this.list(value) : this.object(value);
    this.ancestors.pop();
    return text;
  }

  private list(values: readonly unknown[]): string {
    const depth = this.ancestors.length - 1;
    let text = '[';
    for (let index = 0; index < values.length; index += 1) {
      this.steps[depth] = index;
      text += index === 0 ? this.text(values[index]) : `,${this.text(values[index])}`;
    }
    return `${text}]`;
  }

  private object(value: object): string {
    if (isPlain(value)) return this.visible(value);
    const builtIn = builtInOf(value);
    if (builtIn !== undefined) return this.tagged(builtIn);
    if (isActive(value)) return this.refuseHere('is a promise or a stream');
    return hasContent(value)
      ? this.visible(value)
      : this.refuseHere(`shows no content (${className(value)})`);
  }

  /** What a value shows by itself: what its `toJSON` gives, or its own members. */
  private visible(value: object & { readonly toJSON?: unknown }): string {
    if (typeof value.toJSON === 'function') {
      this.steps[this.ancestors.length - 1] = 'toJSON()';
      return this.text(value.toJSON());
    }
    for (const symbol of Object.getOwnPropertySymbols(value)) {
      const isVisible = Object.prototype.propertyIsEnumerable.call(value, symbol);
      if (isVisible) this.refuseHere(`has a member ${show(symbol)}`);
    }
    return this.members(value, Object.keys(value).sort());
  }

  private members(value: object, names: readonly string[]): string {
    const depth = this.ancestors.length - 1;
    let text = '{';
    for (const name of names) {
      // Reads an own member `__proto__` as well: it hides the accessor of the same name.
      const member: unknown = (value as Readonly<Record<string, unknown>>)[name];
      if (member === undefined) continue;
      this.steps[depth] = name;
      text += `${text.length === 1 ? '' : ','}${quoted(name)}:${this.text(member)}`;
    }
    return `${text}}`;
  }

  private tagged({ tag, parts, isOrdered }: BuiltIn): string {
    const depth = this.ancestors.length - 1;
    const texts = parts.map((part, index) => {
      this.steps[depth] = index;
      return this.text(part);
    });
    return `${tag}(${(isOrdered ? texts : texts.sort()).join(',')})`;
  }

  /** Refuses the part that the walk is about to enter. */
  private refuse(why: string): never {
    throw new NotCanonicalError(this.path(), why);
  }

  /** Refuses the part that the walk is in. */
  private refuseHere(why: string): never {
    this.ancestors.pop();
    return this.refuse(why);
  }
}

/** Whether it is an object literal, or as good as one; one of another realm is. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return true;
  return Object.hasOwn(prototype as object, 'hasOwnProperty') && Object.getPrototypeOf(prototype) === null;
}

/** Whether anything of an instance can be seen from outside; an undefined member counts as one. */
function hasContent(value: object & { readonly toJSON?: unknown }): boolean {
  return typeof value.toJSON === 'function' || Object.keys(value).length > 0;
}

/** Whether it stands for content that is still to come. */
function isActive(value: object): boolean {
  const one = value as Readonly<Record<PropertyKey, unknown>>;
  const signs: readonly PropertyKey[] = ['then', 'pipe', 'getReader', Symbol.asyncIterator];
  return signs.some((sign) => typeof one[sign] === 'function');
}

function className(value: object): string {
  const { constructor } = value;
  return typeof constructor === 'function' ? `an instance of ${constructor.name}` : 'an instance of no class';
}
