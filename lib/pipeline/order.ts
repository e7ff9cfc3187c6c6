import { OptionCheck } from '../core/check.js';
import type { StepWord } from './step.js';

/**
 * The order of every pipeline, outermost first, whatever the order in which its decorators are written. A retry
 * stands around the breaker, so that the breaker sees attempts; the bulkhead stands innermost, so that no slot is
 * held during a delay.
 */
export const CANONICAL_ORDER: readonly StepWord[] = [
  'fallback',
  'idempotent',
  'totalTimeout',
  'retry',
  'hedge',
  'circuitBreaker',
  'rateLimiter',
  'attemptTimeout',
  'bulkhead',
];

/** Puts steps into the canonical order, or into the order that was stated for the method. */
export function inOrder<S extends { readonly word: StepWord }>(
  steps: readonly S[],
  order: readonly StepWord[] = CANONICAL_ORDER,
): readonly S[] {
  return [...steps].sort((one, other) => order.indexOf(one.word) - order.indexOf(other.word));
}

/**
 * Checks an order that was stated by hand: it names each step of the method exactly once.
 *
 * @throws {InvalidOptionsError} naming what is missing, unknown or named twice, and the canonical order
 */
export function checkOrder(operation: string, order: readonly unknown[], present: readonly StepWord[]): void {
  const check = new OptionCheck('PolicyOrder', operation);
  const canonical = CANONICAL_ORDER.filter((word) => present.includes(word)).map((word) => `'${word}'`);
  const remedy = `: the method has ${canonical.join(', ')} (in the canonical order)`;
  for (const word of order) {
    const isKnown = CANONICAL_ORDER.some((each) => each === word);
    if (!isKnown)
      check.refuse('order', word, `has an unknown word; known are ${CANONICAL_ORDER.join(' ')}${remedy}`);
    if (!present.some((each) => each === word))
      check.refuse('order', word, `names a step the method has not${remedy}`);
    if (order.indexOf(word) !== order.lastIndexOf(word))
      check.refuse('order', word, `names a step twice${remedy}`);
  }
  const missing = present.find((word) => !order.includes(word));
  if (missing !== undefined) check.refuse('order', missing, `leaves out a step${remedy}`);
}
