import type { FallbackParts } from '../policies/fallback/index.js';
import type { PolicyOptions } from './policy-options.js';

/** A method, or a block of code, and the policies it asks for. */
export interface PolicyOwner {
  /** `Class.method`, or the name given to `execute`. */
  readonly operation: string;
  readonly policies: PolicyOptions;
  /** What `overrides` call it. @defaultValue the operation */
  readonly overrideKey?: string | undefined;
  readonly resolveProvider?: FallbackParts['resolveProvider'];
}
