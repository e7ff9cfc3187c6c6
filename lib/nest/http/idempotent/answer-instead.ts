import { isResilienceError } from '../../../core/errors.js';
import type { Soon } from '../../../pipeline/index.js';
import { IdempotencyInFlightError } from '../../../policies/idempotency/index.js';
import type { Exchange, headersOf } from './exchange.js';
import type { HeldResponse } from './held-response.js';
import type { Replay } from './route-capture.js';
import { writeInstead, writeRefusal } from './write-answer.js';

/** An answer that is held, and must not leave as it is. */
export interface HeldAnswer {
  readonly held: HeldResponse;
  readonly exchange: Exchange;
  /** The headers that the response had before the route began. */
  readonly headersBefore: ReturnType<typeof headersOf>;
}

/** Another owner has taken the key over: its answer leaves in the place of ours. */
export function replayInstead(
  answer: HeldAnswer,
  replay: Replay,
  { operation, replayed }: { readonly operation: string; readonly replayed: readonly string[] },
): Soon<void> {
  if (replay.kind !== 'wire') {
    // A value goes through the route, and this request has been there: the next one gets it.
    const error = new IdempotencyInFlightError({ operation, retryAfterMs: 1, superseded: true });
    return refuseInstead(answer, error);
  }
  answer.held.discard();
  return writeInstead(answer.exchange, replay.answer, answer.headersBefore, replayed);
}

/** Nothing that the route wrote may leave. */
export function refuseInstead({ held, exchange, headersBefore }: HeldAnswer, error: unknown): void {
  if (!isResilienceError(error)) return held.release();
  held.discard();
  writeRefusal(exchange.raw, error, headersBefore);
}
