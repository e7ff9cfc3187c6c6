import { type Allowance, MOST_ERRORS, causesOf, fieldOf, membersOf, textOf } from '../../core/error-facts.js';
import { headerOf } from '../../core/headers.js';

const UNSAFE_METHODS = new Set(['POST', 'PATCH']);

/** What came of such requests and does not tell of them itself, for as long as it lives; nothing of it is touched. */
const KNOWN = new WeakSet<object>();

/** Keeps in mind that this error, or this answer, came of a request that must not be repeated. */
export function rememberUnsafeRequest(outcome: unknown): void {
  if (typeof outcome === 'object' && outcome !== null) KNOWN.add(outcome);
}

/**
 * Whether a failure tells of an outgoing HTTP request that must not be repeated: a POST or PATCH without an
 * `Idempotency-Key`, in the `config` of the error or of its `response`, of one of its causes or of a member of an
 * `AggregateError`, or remembered of one of them.
 */
export function tellsOfUnsafeRequest(failure: unknown): boolean {
  const allowance: Allowance = { left: MOST_ERRORS };
  const queued = new Set<unknown>([failure]);
  // Members are appended while this runs.
  for (const root of queued) {
    for (const each of causesOf(root, allowance)) {
      if (isRemembered(each) || isUnsafe(requestOf(each))) return true;
      for (const member of membersOf(each)) queued.add(member);
    }
  }
  return false;
}

function isRemembered(outcome: unknown): boolean {
  return typeof outcome === 'object' && outcome !== null && KNOWN.has(outcome);
}

/** An error that others have made of an answer of axios, whose status decides, still has the request in the answer. */
function requestOf(outcome: unknown): unknown {
  return fieldOf(outcome, 'config') ?? fieldOf(fieldOf(outcome, 'response'), 'config');
}

function isUnsafe(request: unknown): boolean {
  if (!UNSAFE_METHODS.has(textOf(request, 'method').toUpperCase())) return false;
  return (headerOf(fieldOf(request, 'headers'), 'idempotency-key') ?? '').trim() === '';
}
