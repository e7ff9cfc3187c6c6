import type { Scope } from '../core/scope.js';
import type { FusedCall } from './fused-call.js';

/** What the first call of a method has shown. */
export type Learned =
  | { readonly kind: 'refused'; readonly promise: Promise<unknown> }
  | { readonly kind: 'value'; readonly promise: Promise<unknown>; readonly result: unknown }
  | { readonly kind: 'stream'; readonly result: unknown; readonly scope: Scope };

/** What is known of a call of which nobody knows yet what it gives. */
export interface FirstCall {
  readonly self: unknown;
  readonly args: readonly unknown[];
  isStream(result: unknown): boolean;
  /** The limited call around it, if there is one. */
  readonly outer: Scope | undefined;
}

/**
 * The first attempt of a method of which nobody knows what it gives. A stream has not begun: what was taken for it
 * is given back unrecorded, and it is handed out as it is.
 */
export function learn(call: FusedCall, { self, args, isStream, outer }: FirstCall): Learned {
  const stopped = call.enterGates(self, args, true);
  if (stopped !== undefined) return { kind: 'refused', promise: stopped };
  const scope = call.makeScope(outer);
  let result: unknown;
  try {
    result = call.callMethod();
  } catch (error) {
    return { kind: 'refused', promise: Promise.resolve(call.failed(error)) };
  }
  if (isStream(result)) {
    call.withdraw();
    return { kind: 'stream', result, scope };
  }
  const promise = result instanceof Promise ? result : Promise.resolve(result);
  return { kind: 'value', promise: call.follow(promise), result };
}
