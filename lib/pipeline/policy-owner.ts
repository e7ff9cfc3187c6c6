import type { FallbackParts } from '../policies/fallback/index.js';
import type { GuardedPlace } from './guarded-place.js';
import type { MethodPolicyOptions, PolicyOverrides } from './policy-options.js';

/** A method, or a block of code, and the policies it asks for. */
export interface PolicyOwner {
  /** `Class.method`, or the name given to `execute`. */
  readonly operation: string;
  readonly policies: MethodPolicyOptions;
  /** What `overrides` call it. @defaultValue the operation */
  readonly overrideKey?: string | undefined;
  /** What is laid over the policies. @defaultValue the module's `overrides` */
  readonly overrides?: PolicyOverrides | undefined;
  /** Where the method stands; only decorated methods can be guarded by their idempotency. */
  readonly guardedPlace?: GuardedPlace | undefined;
  readonly resolveProvider?: FallbackParts['resolveProvider'];
}
