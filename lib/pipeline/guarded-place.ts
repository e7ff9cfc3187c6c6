import type { ResolvedIdempotentOptions } from '../policies/idempotency/index.js';
import type { IdempotentParts } from './idempotent-parts.js';

/** What is known of a guarded method where it stands. */
export interface GuardedPlace extends Pick<
  IdempotentParts,
  'reviveError' | 'payloadOf' | 'subjectOf' | 'fingerprintOf' | 'outerCall' | 'besides' | 'givesStream'
> {
  /** Tells methods apart that come to one stored operation. */
  readonly identity: object;
  /** What is wrong with guarding the method there. @throws {InvalidOptionsError} */
  check(options: ResolvedIdempotentOptions): void;
}
