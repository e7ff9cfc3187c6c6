import { InvalidOptionsError } from '../core/errors.js';
import { IDEMPOTENT } from '../policies/idempotency/index.js';
import type { PromiseNext } from './promise-layers.js';

/*
 * What this version does not guard. Each is refused, at boot where it can be known by then: a method that says it
 * is guarded never runs without its guard. Whoever builds one of these lifts its refusal here.
 */

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

function refusal(operation: string, field: string, expected: string): InvalidOptionsError {
  return new InvalidOptionsError({ operation, policy: IDEMPOTENT, field, value: undefined, expected });
}
