import { OptionCheck } from '../core/check.js';
import { InvalidOptionsError } from '../core/errors.js';
import { IDEMPOTENT } from '../policies/idempotency/index.js';
import type { PromiseNext } from './promise-layers.js';

/*
 * What this version does not guard. Each is refused, at boot where it can be known by then: a method that says it
 * is guarded never runs without its guard. Whoever builds one of these lifts its refusal here.
 */

/** A key from the `Idempotency-Key` header. @throws {InvalidOptionsError} always */
export function refuseHeaderKey(operation: string): never {
  const expected = 'is needed: the header form is not part of this version; give `key`';
  throw refusal(operation, 'key', expected);
}

/** A method that gives a stream: its outcome would be kept before it has begun. */
export function refusedStream(operation: string): InvalidOptionsError {
  const expected = 'must give a promise: streams are not guarded by this version';
  return refusal(operation, 'method', expected);
}

/** The same in the place of a layer around an iteration. */
export function refusedIteration(operation: string): PromiseNext {
  return () => Promise.reject(refusedStream(operation));
}

/** A handler that writes its own answer: a replay would leave its client waiting. @throws {InvalidOptionsError} always */
export function refuseOwnAnswer(operation: string): never {
  const expected =
    'must return its answer: what is written through @Res() or @Next() is not replayed by this version; ' +
    'use { passthrough: true } or return the value';
  throw refusal(operation, 'method', expected);
}

/** A route handler whose payload is somewhere in the request. @throws {InvalidOptionsError} always */
export function refuseUncompared(operation: string): never {
  const expected =
    'is needed: what a handler reads from @Req() is not compared by this version; ' +
    'give a function of { args } that picks what must be the same';
  throw refusal(operation, 'fingerprint', expected);
}

/** The incoming request, asked for by a `scope` or `fingerprint` function. @throws {InvalidOptionsError} always */
export function refuseRequest(operation: string, field: 'request' | 'executionContext'): never {
  const remedy = `\`${field}\` is not given in this version: take what you need from \`args\``;
  return new OptionCheck(IDEMPOTENT, operation).refuse('scope', undefined, `or \`fingerprint\`: ${remedy}`);
}

function refusal(operation: string, field: string, expected: string): InvalidOptionsError {
  return new InvalidOptionsError({ operation, policy: IDEMPOTENT, field, value: undefined, expected });
}
