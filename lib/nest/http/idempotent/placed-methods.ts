/** Methods that write. */
const WRITE_NAMES = ['writeHead', 'flushHeaders', 'write', 'end'] as const;
/** Methods that change headers, which after the first of an answer come too late. */
const HEADER_NAMES = ['setHeader', 'appendHeader', 'removeHeader', 'setHeaders'] as const;
const NAMES = [...WRITE_NAMES, ...HEADER_NAMES] as const;

/** A method that writes. */
export type WriteName = (typeof WRITE_NAMES)[number];
/** A method of a response in whose place something may stand. */
export type MethodName = (typeof NAMES)[number];
/** Any of them. */
export type Method = (...args: unknown[]) => unknown;
/** Methods of a response. */
export type Methods = Record<MethodName, Method>;

/** Who stands in the place of the methods of one response, and says what it looks like. */
export interface PlacedMethods {
  /** Whether it has let go. */
  readonly isOver: boolean;
  /** Whether headers seem to have left. */
  readonly isBegun: boolean;
  /** Whether all seems to have been written. */
  readonly isEnded: boolean;
  /** Whether an object is the response, or another face of it: a proxy, or what inherits from it. */
  standsFor(face: object): boolean;
  /** In the place of a method; whoever has kept one of our functions goes on through it. */
  called(name: MethodName, args: readonly unknown[]): unknown;
}

type Find = (response: object) => PlacedMethods | undefined;

/**
 * Where a response has who was the first to stand in its methods, and so what inherits from it, and a proxy of it.
 * In a `WeakMap` it would outlive the collections of young objects, and the response with it.
 */
const FIRST = Symbol('first');

interface Placed {
  [FIRST]?: PlacedMethods;
}

/** Says that this one stands there first; `false` where somebody does already. */
export function standFirst(response: object, placed: PlacedMethods): boolean {
  if (Object.hasOwn(response, FIRST)) return false;
  (response as Placed)[FIRST] = placed;
  return true;
}

/** The functions that stand in the place of methods. */
export function methodsOf(find: Find): Methods {
  const entries = NAMES.map((name) => {
    const method = function (this: object, ...args: unknown[]): unknown {
      return find(this)?.called(name, args);
    };
    return [name, method] as const;
  });
  // All names are there.
  return Object.fromEntries(entries) as Methods;
}

/** What a response says of itself, on one that has let go as its class says it. */
export function propertiesOf(
  find: Find,
): Readonly<Record<'headersSent' | 'writableEnded', PropertyDescriptor>> {
  const property = (name: string, look: 'isBegun' | 'isEnded'): PropertyDescriptor => ({
    configurable: true,
    enumerable: false,
    get(this: object): unknown {
      const found = find(this);
      if (found !== undefined && !found.isOver) return found[look];
      return Reflect.get(Object.getPrototypeOf(this) as object, name, this);
    },
  });
  return {
    headersSent: property('headersSent', 'isBegun'),
    writableEnded: property('writableEnded', 'isEnded'),
  };
}

function firstOf(face: Placed): PlacedMethods | undefined {
  const found = face[FIRST];
  return found?.standsFor(face) === true ? found : undefined;
}

/** Of all responses whose first stand-in it is. */
export const SHARED = methodsOf(firstOf);
export const SHARED_PROPERTIES = propertiesOf(firstOf);

/** By prototypes of responses, what those inherit where ours stand now; `null` where ours stand nowhere. */
const EQUIPPED = new WeakMap<object, Methods | null>();

/**
 * The methods that a response inherits, where it does so of an object that is no class, as the responses of Express:
 * ours stand there once for all, since such a response has a shape of its own, and each property more is dear.
 * `undefined` for one of a class of Node or of a library, which is as it was made.
 */
export function equippedPrototype(response: object): Methods | undefined {
  const prototype = Object.getPrototypeOf(response) as object;
  const known = EQUIPPED.get(prototype);
  if (known !== undefined) return known ?? undefined;
  const found = equippedIn(prototype);
  EQUIPPED.set(prototype, found ?? null);
  return found;
}

/** In what all applications of a process inherit: a response is handed from one application to another. */
function equippedIn(prototype: object): Methods | undefined {
  const above: object[] = [];
  let each: object | null = prototype;
  while (each !== null && !Object.hasOwn(each, 'constructor')) {
    above.push(each);
    each = Object.getPrototypeOf(each) as object | null;
  }
  const common = above.pop();
  // What an application has put there itself stands before what it inherits.
  const isShadowed = above.some((one) => NAMES.some((name) => Object.hasOwn(one, name)));
  if (common === undefined || isShadowed || !Object.isExtensible(common)) return undefined;
  const known = EQUIPPED_COMMON.get(common) ?? equip(common);
  EQUIPPED_COMMON.set(common, known);
  return known;
}

const EQUIPPED_COMMON = new WeakMap<object, Methods>();

function equip(common: object): Methods {
  // Its methods by their names, whatever each of them takes.
  const prototype = common as Partial<Methods>;
  const beneath = Object.getPrototypeOf(prototype) as object;
  // What the class itself has is looked up when it is called: agents that watch Node put theirs there at any time.
  const originals = Object.create(beneath) as Methods;
  for (const name of NAMES) {
    if (typeof prototype[name] !== 'function') continue;
    if (Object.hasOwn(prototype, name)) originals[name] = prototype[name];
    const value = function (this: object, ...args: unknown[]): unknown {
      const found = firstOf(this);
      return found === undefined || found.isOver
        ? Reflect.apply(originals[name], this, args)
        : found.called(name, args);
    };
    Object.defineProperty(prototype, name, { value, writable: true, configurable: true });
  }
  for (const name of ['headersSent', 'writableEnded'] as const) {
    const look = name === 'headersSent' ? 'isBegun' : 'isEnded';
    // Another copy of this library may stand there already.
    const before = Object.getOwnPropertyDescriptor(prototype, name)?.get;
    const get = function (this: object): unknown {
      const found = firstOf(this);
      if (found !== undefined && !found.isOver) return found[look];
      return before === undefined ? Reflect.get(beneath, name, this) : Reflect.apply(before, this, []);
    };
    Object.defineProperty(prototype, name, { get, configurable: true });
  }
  // Those that older versions of Node lack are called by nobody.
  return originals;
}
