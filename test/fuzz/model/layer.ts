import type { Failure } from './failure.js';
import type { Tell } from './gate.js';
import type { ModelScope } from './scope.js';
import type { ModelTime } from './time.js';

/** Hears what becomes of what stands inside: values, and then the end or a failure. A promise has one value. */
export interface Listener {
  value(text: string): void;
  end(): void;
  fail(failure: Failure): void;
}

/** How a call is made. Only a stream can be left before its first value; a promise cannot be left at all. */
export type Manner = 'promise' | 'stream' | 'iteration';

/** What runs inside, and can be told that nobody wants more of it. */
export type Leave = () => void;

/** One attempt of a call on its way inwards. */
export interface Entry {
  readonly scope: ModelScope;
  readonly manner: Manner;
  /** When the call began. */
  readonly startedMs: number;
  /** What is known of the call as a whole. */
  readonly call: { isAnswered: boolean };
  /** The method itself. */
  execute(scope: ModelScope, to: Listener): Leave;
}

/** Begins what stands inside, for this listener. */
export type Layer = (entry: Entry, to: Listener) => Leave;

/** What layers have in common. */
export interface World {
  readonly time: ModelTime;
  readonly tell: Tell;
}

export const NOTHING = (): void => undefined;
