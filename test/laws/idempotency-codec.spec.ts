import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalText } from '../../lib/core/canonical.js';
import { JsonCodec } from '../../lib/policies/idempotency/index.js';

const codec = new JsonCodec();
const leaf = fc.oneof(
  fc.constantFrom(undefined, null, true, -0, Number.NaN, Number.POSITIVE_INFINITY, 1n, '', '\ud800'),
  fc.string({ unit: 'binary' }),
  fc.double(),
  fc.date({ noInvalidDate: false }),
  fc.uint8Array({ maxLength: 3 }),
  fc.uint8Array({ maxLength: 3 }).map((bytes) => Buffer.from(bytes)),
  fc.float64Array({ maxLength: 2 }),
  fc.string().map((message) => new RangeError(message)),
);
const name = fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'toJSON', '10'));
const { value: anyValue } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(name, tie('value'), { maxKeys: 3 }),
    fc.array(tie('value'), { maxLength: 3 }).map((members) => new Set(members)),
    fc.array(fc.tuple(leaf, tie('value')), { maxLength: 3 }).map((entries) => new Map(entries)),
  ),
}));

describe('the codec of idempotency', () => {
  it('ID-46: brings every value back equal, with its types, and with the same canonical form', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const copy = codec.decode(codec.encode(value));

        // Jest tells types by a member `constructor`, which is one of the names here.
        expect(isDeepStrictEqual(copy, value)).toBe(true);
        expect(canonicalText(copy)).toBe(canonicalText(value));
        if (typeof value === 'number') expect(Object.is(copy, value)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('writes plain data as JSON behind one byte', () => {
    fc.assert(
      fc.property(fc.jsonValue({ depthSize: 'small' }), (value) => {
        const hasNegativeZero = JSON.stringify(value) !== undefined && canonicalHasMinusZero(value);
        const bytes = Buffer.from(codec.encode(value));

        if (!hasNegativeZero) expect(bytes.subarray(1).toString()).toBe(JSON.stringify(value));
      }),
    );
  });

  it('refuses what cannot come back as it is', () => {
    class Unknown {}
    const cyclic: unknown[] = [];
    cyclic.push(cyclic);
    const refused = [
      () => 1,
      Symbol('s'),
      new Unknown(),
      cyclic,
      { a: [new Unknown()] },
      new (class extends Map {})(),
    ];

    for (const value of refused) expect(() => codec.encode(value)).toThrow(/is|leads back/);
  });

  it('brings an aggregate of errors back with all that it holds', () => {
    const value = new AggregateError([new RangeError('one'), 2n], 'both failed');

    const copy = codec.decode(codec.encode({ value })) as { value: AggregateError };

    expect(copy.value).toBeInstanceOf(AggregateError);
    expect([copy.value.name, copy.value.message]).toEqual(['AggregateError', 'both failed']);
    expect(copy.value.errors).toEqual([new RangeError('one'), 2n]);
    expect(copy.value.errors[0]).toBeInstanceOf(RangeError);
  });

  it('asks nobody for another form: what cannot be seen of an object does not speak for it', () => {
    const hidden = { value: () => 'another' };
    const value = Object.defineProperty(
      { a: 1, list: Object.defineProperty([1], 'toJSON', hidden) },
      'toJSON',
      hidden,
    );

    expect(codec.decode(codec.encode(value))).toEqual({ a: 1, list: [1] });
  });

  it('refuses to register what would come back empty, at once or with the first instance', () => {
    class Basket extends Map<string, number> {}
    class Secret {
      #amount = 5;
      get amount(): number {
        return this.#amount;
      }
    }
    class List extends Array<number> {}
    class Bytes extends Uint8Array {}
    for (const type of [Basket, List, Bytes, Set]) {
      const reason = /classes must state `encode` and `decode`/;
      expect(() => new JsonCodec([{ type }])).toThrow(reason);
      expect(() => new JsonCodec([{ type, encode: () => 1 }])).toThrow(reason);
    }
    expect(() => new JsonCodec([{ type: Secret }]).encode(new Secret())).toThrow(/shows no members/);

    const both = new JsonCodec([
      {
        type: Basket,
        encode: (basket: Basket) => [...basket],
        decode: (kept) => new Basket(kept as [string, number][]),
      },
    ]);
    expect(both.decode(both.encode(new Basket([['a', 1]])))).toEqual(new Basket([['a', 1]]));
  });

  it('brings an error of a registered class back as one, what nobody lists still unlisted', () => {
    class Declined extends Error {
      override readonly name = 'Declined';
      constructor(readonly reason: string) {
        super(`declined: ${reason}`);
      }
    }
    const own = new JsonCodec([{ type: Declined }]);

    const copy = own.decode(own.encode(new Declined('limit'))) as Declined;

    expect(copy).toBeInstanceOf(Declined);
    expect([copy.name, copy.message, copy.reason]).toEqual(['Declined', 'declined: limit', 'limit']);
    expect(copy.stack).toBe('Declined: declined: limit');
    expect(Object.keys(copy)).not.toContain('message');
  });

  it('sets no prototype, and changes nothing outside of the value', () => {
    const value = JSON.parse('{"__proto__":{"polluted":true},"constructor":1,"u":0}') as Record<
      string,
      unknown
    >;
    value['u'] = undefined;

    const copy = codec.decode(codec.encode(value)) as object;

    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
    expect(Object.keys(copy)).toEqual(['__proto__', 'constructor', 'u']);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it('reads holes as undefined, and refuses what a newer version has written', () => {
    // oxlint-disable-next-line no-sparse-arrays -- the hole is the case
    expect(codec.decode(codec.encode([1, , 2]))).toStrictEqual([1, undefined, 2]);
    expect(() => codec.decode(Uint8Array.of(9, 1))).toThrow('newer version');
  });
});

function canonicalHasMinusZero(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.values(value).some(canonicalHasMinusZero);
  return Object.is(value, -0);
}
