import type { Failure } from './failure.js';

/** How a call that was let through has ended. */
export type GateEnd = 'success' | 'failure' | 'ignored' | 'cancelled';

export type Tell = (event: Readonly<Record<string, unknown>>) => void;

/** The answer to a call: a refusal, a permit, or a place in a line that can be left. */
export type Answer =
  { readonly refused: Failure } | { readonly end: (how: GateEnd) => void } | { readonly leave: () => void };

export interface ModelGate {
  readonly returnsOnCancel: boolean;
  /** `onTurn` hears of the turn of a call that had to wait. */
  admit(onTurn: (answer: Answer) => void): Answer;
  snapshot(): unknown;
}
