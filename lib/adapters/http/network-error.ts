import { causesOf, knowledgeOf, membersOf, MOST_ERRORS, statusOf, textOf } from '../../core/index.js';

/** The other side took the request and was slow: it may have done its work. */
const TIMED_OUT = new Set(['ECONNABORTED', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);

/**
 * Whether the connection failed, so that there is no answer: refused, reset, unreachable, closed early, in the error
 * or in what caused it. An abort, a slow answer, a bad certificate and a name that does not exist are no such errors,
 * and neither is an error with a status. Never throws.
 */
export function isNetworkError(error: unknown): boolean {
  const allowance = { left: MOST_ERRORS };
  const queued = new Set<unknown>([error]);
  // Members are appended while this runs.
  for (const root of queued) {
    for (const each of causesOf(root, allowance)) {
      const known = knowledgeOf(each);
      if (known === 'network') return statusOf(each) === undefined && !TIMED_OUT.has(textOf(each, 'code'));
      // `fetch failed` is a TypeError around the truth.
      if (known !== undefined && known !== 'bug') return false;
      for (const member of membersOf(each)) queued.add(member);
    }
  }
  return false;
}
