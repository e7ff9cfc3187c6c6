import { fieldOf } from '../../core/error-facts.js';
import type { IdempotentOptions } from '../../policies/idempotency/index.js';
import { bindGuard } from '../http/idempotent/bind-guard.js';
import { type PolicyDecorator, policyDecorator } from './policy-decorator.js';

/**
 * The same key has one effect: a call that comes again with its key is given the recorded outcome of the first one,
 * and the method does not run. At most one recorded outcome per key and retention; what a crash between the effect
 * and the record leaves open is told by `recovered` of the method's call context.
 *
 * On a route handler the key is that of the `Idempotency-Key` header, claimed after the guards and before the pipes;
 * what is kept is the answer as it went over the wire. With a `key` function, and everywhere else, the claim is made
 * at the method, and its value is kept. Methods that give a stream stop the boot.
 *
 * @throws {IdempotencyKeyMissingError} to the caller, where `key` gives none and one is required
 * @throws {IdempotencyInFlightError} to the caller, while another call owns the key
 * @throws {IdempotencyMismatchError} to the caller, where the key came before with another payload
 * @throws {IdempotencyStoreError} to the caller, where the store does not answer; the method did not run
 * @throws {IdempotencyReplayUnavailableError} to the caller, where the outcome cannot be given again
 */
export function Idempotent(options: IdempotentOptions = {}): PolicyDecorator {
  const add = policyDecorator({ decorator: 'Idempotent', policy: 'idempotent', options });
  return (target, member, descriptor) => {
    add(target, member, descriptor);
    // The key of a request is claimed before anything of its route runs.
    if (descriptor !== undefined)
      bindGuard(target, member, descriptor, fieldOf(options, 'key') === undefined);
  };
}
