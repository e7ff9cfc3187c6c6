import type { IdempotencySubject, ResolvedIdempotentOptions } from '../policies/idempotency/index.js';
import type { Besides } from './idempotent-besides.js';
import type { OuterCall } from './idempotent-outer.js';
import type { IdempotentRunner } from './idempotent-runner.js';
import type { ReviveError } from './idempotent-values.js';

/** One guarded method. */
export interface IdempotentParts {
  /** `Class.method`, for errors and events. */
  readonly operation: string;
  readonly options: ResolvedIdempotentOptions;
  readonly runner: IdempotentRunner;
  /** Tells an operator, as once of each class whose instances cannot be kept. */
  readonly warn: (warning: string) => void;
  readonly reviveError?: ReviveError | undefined;
  /** Takes those arguments away that carry the call and not the payload. @defaultValue keeps all */
  readonly payloadOf?: ((args: readonly unknown[]) => readonly unknown[]) | undefined;
  /** What `scope` and `fingerprint` get. @defaultValue the arguments alone */
  readonly subjectOf?: ((args: readonly unknown[]) => IdempotencySubject) | undefined;
  /** What compares the running call where it is more than its arguments; `undefined` where it is not. */
  readonly fingerprintOf?: (() => string | undefined) | undefined;
  /** What was decided for the running call before it came to the method. */
  readonly outerCall?: (() => OuterCall | undefined) | undefined;
  /** Keeps beside a value what else the running call has said, and says it again for a replay. */
  readonly besides?: Besides | undefined;
  /** Whether the method gives a stream. @defaultValue never */
  readonly givesStream?: (() => boolean) | undefined;
}
