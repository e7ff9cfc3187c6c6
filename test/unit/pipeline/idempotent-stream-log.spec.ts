import { describe, expect, it } from '@jest/globals';
import { partsOf, StreamLog } from '../../../lib/pipeline/idempotent-stream-log.js';
import { JsonCodec, type OutcomeCodec } from '../../../lib/policies/idempotency/index.js';

const plain = new JsonCodec();
/** A codec that takes its time, as one that encrypts does. */
const slow: OutcomeCodec = {
  name: 'slow',
  encode: async (value) => {
    await Promise.resolve();
    return plain.encode(value);
  },
  decode: (bytes) => plain.decode(bytes),
};

const logOf = (codec: OutcomeCodec = plain, maxBytes = 1_000): StreamLog =>
  new StreamLog(codec, 'k', maxBytes);

describe.each([
  ['a codec that answers at once', plain],
  ['one that takes its time', slow],
])('the log of a guarded stream, with %s', (_, codec) => {
  it('gives back what was added, the facts of the error at the end', async () => {
    const log = logOf(codec);
    log.add({ a: 1 });
    log.add('zwei');

    const body = await log.body({ name: 'Error', message: 'three' });

    const values = partsOf(body ?? new Uint8Array(0)).map((part) => plain.decode(part));
    expect(values).toEqual([{ a: 1 }, 'zwei', { name: 'Error', message: 'three' }]);
  });

  it('keeps a value as it was when it came', async () => {
    const log = logOf(codec);
    const value = { a: [1] };
    log.add(value);
    if (codec === plain) value.a.push(2);

    const body = await log.body();

    expect(partsOf(body ?? new Uint8Array(0)).map((part) => plain.decode(part))).toEqual([{ a: [1] }]);
    expect(log.items[0]).toBe(value);
  });

  it('is over past its limit, tells so once, and keeps the values that were not given yet', async () => {
    const log = logOf(codec, 20);
    let told = 0;
    log.whenOver(() => (told += 1));

    for (let value = 0; value < 3; value += 1) log.add('0123456789');
    const body = await log.body();

    expect([body, log.isOver, told]).toEqual([undefined, true, 1]);
    expect(log.items).toHaveLength(3);
  });

  it('is over at a value that the codec refuses, and says why', async () => {
    const log = logOf(codec);
    log.add(() => undefined);

    expect(await log.body()).toBeUndefined();
    expect([log.isOver, String(log.refusal)]).toEqual([true, expect.stringMatching(/function/)]);
  });
});

describe('the bytes of a stream', () => {
  it('are refused where they end in the middle of a value', async () => {
    const log = logOf();
    log.add('text');
    const body = (await log.body()) ?? new Uint8Array(0);

    expect(() => partsOf(body.subarray(0, body.length - 1))).toThrow(/ends in the middle/);
    expect(() => partsOf(body.subarray(0, 2))).toThrow();
    expect(partsOf(new Uint8Array(0))).toEqual([]);
  });
});
