import { describe, expect, it } from '@jest/globals';
import { JsonCodec, NotStorableError } from '../../../../lib/policies/idempotency/index.js';

const PATIENCE = 1_000_000;
const BOUND = { storedKey: 'key', maxBytes: 65_536 };

/** Objects that each hold the one below twice; looking at them too often throws something else than a refusal. */
function shared(levels: number, leaf: unknown): object {
  let looks = 0;
  let top: object = { leaf };
  for (let level = 0; level < levels; level += 1) {
    const below = top;
    top = {
      a: below,
      get b() {
        looks += 1;
        if (looks > PATIENCE) throw new Error('the walk does not end');
        return below;
      },
    };
  }
  return top;
}

describe('A codec that is told how many bytes can be kept', () => {
  const codec = new JsonCodec();

  it.each([
    ['plain', shared(40, 1)],
    ['of special types', shared(40, new Date(0))],
    ['special at its beginning', { first: undefined, rest: shared(40, 1) }],
    ['nested more deeply than plain values are', shared(150, 1)],
  ])('stops at a value that would be longer: %s', (_, value) => {
    expect(() => codec.encode(value, BOUND)).toThrow(
      'the value is longer than the 65536 bytes that can be kept',
    );
  });

  it.each([
    ['a list with many holes', Object.assign([], { length: 2 ** 32 - 1 })],
    ['many bytes', { bytes: new Uint8Array(65_536) }],
    ['a buffer of many bytes', { first: undefined, bytes: new ArrayBuffer(65_536) }],
    ['a long text', 'x'.repeat(65_536)],
    ['a long text among special values', [undefined, 'x'.repeat(65_536)]],
    ['a long name', { ['x'.repeat(65_536)]: 1n }],
    ['a map', new Map(Array.from({ length: 65_536 }, (_each, index) => [index, index]))],
  ])('refuses %s', (_, value) => {
    expect(() => codec.encode(value, BOUND)).toThrow(NotStorableError);
  });

  it.each([
    ['plain', { text: 'é"\n', list: [1, true, null, [], {}], nested: { '': '' } }],
    ['special', { at: new Date(0), list: [undefined, 1n, Number.NaN], map: new Map([[1, new Set(['é'])]]) }],
    ['binary', [Buffer.from('bytes'), new Uint16Array(3), new ArrayBuffer(5)]],
    ['failures', [new RangeError('far', {}), new AggregateError([new Error('one')], 'all')]],
  ])('keeps what just fits: %s', (_, value) => {
    const whole = codec.encode(value);
    const { byteLength } = whole;
    expect(codec.encode(value, { storedKey: 'key', maxBytes: byteLength })).toEqual(whole);
  });

  it('keeps a shared value as often as it is referred to', () => {
    const decoded = codec.decode(codec.encode(shared(3, new Date(0)), BOUND));
    expect(decoded).toEqual(codec.decode(codec.encode(shared(3, new Date(0)))));
  });
});

describe('A codec brings back what it takes, and refuses', () => {
  const codec = new JsonCodec();

  it.each<[string, unknown, string]>([
    [
      'what a regular expression has found',
      /(?<year>\d+)/.exec('in 2026'),
      'the value is an array with members',
    ],
    ['such a thing in a plain value', { found: /b/.exec('abc') }, '.found is an array with members'],
    ['such a thing in a special one', { at: new Date(0), found: /b/.exec('abc') }, '.found is an array'],
    [
      'an array with a hole and a member',
      Object.assign([1], { length: 2, total: 1 }),
      'is an array with members',
    ],
    ['an empty array with a member', Object.assign([], { '': 1 }), 'is an array with members'],
    [
      'an array with a member that looks like an index',
      Object.assign([1, 2], { '01': 1 }),
      'is an array with',
    ],
    ['an array with a symbol', Object.assign([1], { [Symbol('total')]: 1 }), 'is an array with members'],
    [
      'a map with members',
      Object.assign(new Map([[1, 2]]), { total: 1 }),
      'is a Map with members of its own',
    ],
    [
      'a date with members',
      { at: Object.assign(new Date(0), { zone: 'UTC' }) },
      '.at is a Date with members',
    ],
  ])('%s', (_, value, why) => {
    expect(() => codec.encode(value)).toThrow(why);
  });
});
