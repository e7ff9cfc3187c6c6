import { Readable } from 'node:stream';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { canonicalArguments, canonicalText, NotCanonicalError } from '../../../lib/core/canonical.js';

class Point {
  constructor(
    readonly x: number,
    readonly y: number,
  ) {}
}

class Money {
  #cents = 1999;

  toJSON() {
    return { cents: this.#cents };
  }
}

class Filter {
  readonly page: number | undefined = undefined;
}

class Basket extends Map<string, number> {
  constructor(readonly currency: string) {
    super([['apples', 2]]);
  }
}

class Secret {
  #key = 'hidden';

  isSet() {
    return this.#key !== '';
  }
}

const ownProto = (value: unknown) => JSON.parse(`{"__proto__":${JSON.stringify(value)}}`) as unknown;

describe('canonicalText gives one text to', () => {
  it.each<[string, unknown, unknown]>([
    ['members in another order', { a: 1, b: { c: 2, d: 3 } }, { b: { d: 3, c: 2 }, a: 1 }],
    ['a member that is undefined and a missing one', { a: 1, b: undefined }, { a: 1 }],
    ['zero and minus zero', [0], [-0]],
    [
      'maps filled in another order',
      new Map([
        ['a', 1],
        ['b', 2],
      ]),
      new Map([
        ['b', 2],
        ['a', 1],
      ]),
    ],
    ['sets filled in another order', new Set([1, { a: 1 }]), new Set([{ a: 1 }, 1])],
    ['a class instance and an object with its members', new Point(1, 2), { x: 1, y: 2 }],
    ['an instance with toJSON and what that gives', new Money(), { cents: 1999 }],
    ['an object without prototype and one with', Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
    ['an instance whose members are all undefined and an empty object', new Filter(), {}],
    ['a hole in a list and undefined', Array.from({ length: 2 }), [undefined, undefined]],
    [
      'values of another realm',
      runInNewContext('({ a: new Map([[1, new Date(5)]]) })'),
      { a: new Map([[1, new Date(5)]]) },
    ],
  ])('%s', (_, one, other) => {
    const texts = [canonicalText(one), canonicalText(other)];

    expect(texts[0]).toBe(texts[1]);
  });
});

describe('canonicalText tells apart', () => {
  it.each<[string, readonly unknown[]]>([
    ['numbers, texts and big integers', [1, '1', 1n, '1n', true, 'true']],
    ['what is no number', [Number.NaN, Infinity, -Infinity, 'NaN', null, undefined]],
    ['null, undefined and nothing in a list', [[null], [undefined], [], ['null']]],
    ['null and a missing member', [{ a: null }, {}]],
    ['names that differ in case', [{ a: 1 }, { A: 1 }]],
    ['NFC and NFD', ['\u00e9', 'e\u0301']],
    ['lone surrogates and their escapes', ['\ud800', '\ud801', '\ufffd', '\\ud800', '\ud83d\ude00']],
    ['a date, its text and its number', [new Date(0), new Date(0).toISOString(), 0, new Date(Number.NaN)]],
    ['a list, a set and an object', [[1], new Set([1]), { 0: 1 }, [[1]]]],
    [
      'a map, an object and a list of pairs',
      [new Map([['a', 1]]), { a: 1 }, [['a', 1]], new Map([['a', '1']])],
    ],
    [
      'binary values by type and bytes',
      [
        Buffer.from([1]),
        Uint8Array.of(1),
        Int8Array.of(1),
        Uint16Array.of(1),
        Uint8Array.of(1, 0),
        Uint8Array.of(1).buffer,
      ],
    ],
    ['regular expressions', [/a/, /a/i, /b/, '/a/']],
    [
      'a URL and its text',
      [new URL('https://a.example/'), 'https://a.example/', new URL('https://a.example/?')],
    ],
    [
      'errors by name and message',
      [new Error('a'), new RangeError('a'), new Error('b'), { name: 'Error', message: 'a' }],
    ],
    ['what a class adds to a map', [new Basket('EUR'), new Basket('USD'), new Map([['apples', 2]])]],
    ['an own member __proto__', [ownProto(1), ownProto(2), {}]],
    [
      'texts that look like structure',
      [['a,b'], ['a', 'b'], ['a","b'], '["a","b"]', { 'a":1,"b': 2 }, { a: 1, b: 2 }],
    ],
    ['two equal members of a set and one', [new Set([{}, {}]), new Set([{}])]],
  ])('%s', (_, values) => {
    const texts = new Set(values.map((value) => canonicalText(value)));

    expect(texts.size).toBe(values.length);
  });
});

describe('canonicalText refuses', () => {
  const cycle: Record<string, unknown> = { name: 'a' };
  cycle['items'] = [{ parent: cycle }];

  it.each<[string, unknown, string]>([
    ['a function', { a: [1, { b: () => 1 }] }, '.a[1].b is a function'],
    ['a symbol', [Symbol('x')], '[0] is a symbol'],
    ['a member named by a symbol', { a: { [Symbol('x')]: 1 } }, '.a has a member Symbol(x)'],
    ['a cycle', cycle, '.items[0].parent leads back to a value that contains it'],
    ['a promise', [Promise.resolve()], '[0] is a promise or a stream'],
    ['a stream', { body: Readable.from(['a']) }, '.body is a promise or a stream'],
    ['a web stream', new ReadableStream(), 'the value is a promise or a stream'],
    [
      'an instance that shows nothing',
      { secret: new Secret() },
      '.secret shows no content (an instance of Secret)',
    ],
    ['a weak map', [new WeakMap()], '[0] shows no content (an instance of WeakMap)'],
    ['a function in a map', new Map([['a', () => 1]]), '[0][1] is a function'],
    ['what toJSON hides', { toJSON: () => ({ a: Symbol('x') }) }, '.toJSON().a is a symbol'],
  ])('%s', (_, value, message) => {
    const text = () => canonicalText(value);

    expect(text).toThrow(NotCanonicalError);
    expect(text).toThrow(message);
  });

  it('what cannot be read, and keeps why', () => {
    const bug = new Error('no');
    const trap = {
      get a(): number {
        throw bug;
      },
    };

    const text = () => canonicalText([trap]);

    expect(text).toThrow(
      expect.objectContaining({ name: 'NotCanonicalError', why: 'could not be read', cause: bug }),
    );
  });

  it('what is nested too deeply for the stack', () => {
    let nested: unknown = 1;
    for (let depth = 0; depth < 30_000; depth += 1) nested = [nested];

    const text = () => canonicalText(nested);

    expect(text).toThrow(NotCanonicalError);
  });

  it('nothing that merely appears twice', () => {
    const shared = { a: 1 };

    const text = canonicalText([shared, shared]);

    expect(text).toBe('[{"a":1},{"a":1}]');
  });
});

describe('canonicalArguments', () => {
  it('does not count undefined at the end, and does in between', () => {
    const texts = [['a'], ['a', undefined], ['a', undefined, 1], [], [undefined]].map(canonicalArguments);

    expect(texts).toEqual(['["a"]', '["a"]', '["a",undefined,1]', '[]', '[]']);
  });
});
