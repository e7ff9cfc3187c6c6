import type { IdempotentOptions } from '../../policies/idempotency/index.js';
import { type PolicyDecorator, policyDecorator } from './policy-decorator.js';

/**
 * The same key has one effect: a call that comes again with its key is given the recorded outcome of the first one,
 * and the method does not run. At most one recorded outcome per key and retention; what a crash between the effect
 * and the record leaves open is told by `recovered` of the method's call context.
 *
 * This version guards methods that give a promise, by a `key` function of their arguments. A key from the
 * `Idempotency-Key` header and methods that give a stream stop the boot.
 *
 * @throws {IdempotencyKeyMissingError} to the caller, where `key` gives none and one is required
 * @throws {IdempotencyInFlightError} to the caller, while another call owns the key
 * @throws {IdempotencyMismatchError} to the caller, where the key came before with another payload
 * @throws {IdempotencyStoreError} to the caller, where the store does not answer; the method did not run
 * @throws {IdempotencyReplayUnavailableError} to the caller, where the outcome cannot be given again
 */
export function Idempotent(options: IdempotentOptions = {}): PolicyDecorator {
  return policyDecorator({ decorator: 'Idempotent', policy: 'idempotent', options });
}
