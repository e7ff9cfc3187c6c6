import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalText } from '../../lib/core/canonical.js';

const leaf = fc.oneof(
  fc.constantFrom(undefined, null, true, false, 0, -0, 1, '1', 'a', '', '\ud800', '\ud801', Number.NaN, 1n),
  fc.string({ unit: 'binary' }),
  fc.double(),
  fc.integer({ min: 0, max: 2 }).map((ms) => new Date(ms)),
  fc.uint8Array({ maxLength: 2 }),
);
const name = fc.constantFrom('a', 'A', 'b', 'a":1', '__proto__', '\ud800', '10', '9', 'toString');

const { value: anyValue } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    leaf,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.array(fc.tuple(name, tie('value')), { maxLength: 3 }).map((members) => objectOf(members)),
    fc.array(tie('value'), { maxLength: 3 }).map((members) => new Set(members)),
    fc.array(fc.tuple(leaf, tie('value')), { maxLength: 3 }).map((entries) => new Map(entries)),
  ),
}));

/** An object with exactly these own members, one called `__proto__` included. */
function objectOf(members: readonly (readonly [string, unknown])[]): object {
  const object = {};
  for (const [key, value] of members) {
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  }
  return object;
}

/** Equality by the rules of the specification, written without any text. */
function isEqual(one: unknown, other: unknown): boolean {
  if (!isObject(one) || !isObject(other)) return one === other || (Number.isNaN(one) && Number.isNaN(other));
  return Object.getPrototypeOf(one) === Object.getPrototypeOf(other) && haveEqualContent(one, other);
}

function haveEqualContent(one: object, other: object): boolean {
  if (one instanceof Date) return Number(one) === Number(other);
  if (isCollection(one) && isCollection(other)) return haveEqualMembers([...one], [...other]);
  if (isList(one) && isList(other)) return areEqualLists(one, other);
  return haveEqualMembers(membersOf(one), membersOf(other));
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isCollection(value: object): value is Set<unknown> | Map<unknown, unknown> {
  return value instanceof Set || value instanceof Map;
}

function isList(value: object): value is ArrayLike<unknown> {
  return Array.isArray(value) || value instanceof Uint8Array;
}

function areEqualLists(one: ArrayLike<unknown>, other: ArrayLike<unknown>): boolean {
  return one.length === other.length && Array.from(one).every((each, index) => isEqual(each, other[index]));
}

/** Whether each member of one has its own equal one in the other; equality is transitive, so any will do. */
function haveEqualMembers(one: readonly unknown[], other: readonly unknown[]): boolean {
  const left = [...other];
  for (const each of one) {
    const at = left.findIndex((candidate) => isEqual(each, candidate));
    if (at < 0) return false;
    left.splice(at, 1);
  }
  return left.length === 0;
}

function membersOf(object: object): readonly unknown[] {
  return Object.entries(object).filter(([, value]) => value !== undefined);
}

/** The same content, built the other way round. */
function rebuilt(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  if (value instanceof Date) return new Date(Number(value));
  if (Array.isArray(value)) return value.map(rebuilt);
  if (value instanceof Set) return new Set([...value].reverse().map(rebuilt));
  if (value instanceof Map)
    return new Map([...value].reverse().map(([key, member]) => [key, rebuilt(member)]));
  return objectOf(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, rebuilt(member)]),
  );
}

describe('law of the canonical form', () => {
  it('two values have one text if and only if they are equal', () => {
    fc.assert(
      fc.property(anyValue, anyValue, (one, other) => {
        expect(canonicalText(one) === canonicalText(other)).toBe(isEqual(one, other));
      }),
      { numRuns: 3000 },
    );
  });

  it('order of making does not show', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        expect(canonicalText(rebuilt(value))).toBe(canonicalText(value));
      }),
      { numRuns: 1000 },
    );
  });

  it('one text survives an encoder: no lone surrogate is left in it', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const text = canonicalText(value);

        expect(Buffer.from(text, 'utf8').toString('utf8')).toBe(text);
      }),
    );
  });
});
