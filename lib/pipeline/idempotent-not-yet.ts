import { InvalidOptionsError } from '../core/errors.js';
import { IDEMPOTENT } from '../policies/idempotency/index.js';

/*
 * What this version does not guard. Each is refused, at boot where it can be known by then: a method that says it
 * is guarded never runs without its guard. Whoever builds one of these lifts its refusal here.
 */

/** A method that has given a stream where nothing had told of one: its caller waits for a promise. */
export function refusedStream(operation: string): InvalidOptionsError {
  const expected =
    'gives a stream and does not tell so: state `Observable` as its return type, or make it an async generator, ' +
    'and put @Idempotent next to it';
  return refusal(operation, 'method', expected);
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
