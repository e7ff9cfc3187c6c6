import type { StreamLog } from './idempotent-stream-log.js';

/** How a sequence ends; `live` is what still comes of a stream that is too long to be kept. */
export type SequenceEnd<S> =
  | { readonly kind: 'complete' }
  | { readonly kind: 'error'; readonly error: unknown }
  | { readonly kind: 'live'; readonly rest: S };

/** What a guarded stream has come to, or what was kept of it. */
export class Sequence<S = unknown> {
  constructor(
    readonly items: readonly unknown[],
    readonly end: SequenceEnd<S>,
    /** Where it was sent by the method itself: what is to be stored of it. */
    readonly log?: StreamLog,
  ) {}
}
