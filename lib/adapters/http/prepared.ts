import { rememberFinal } from '../../policies/retry/index.js';
import type { PreparedRetry, ResolvedHttpOptions } from './http.options.js';

/** Waits for the preparation of a retry. @throws what it throws: no further attempt follows, whatever its class */
export async function prepared(
  { prepareRetry }: Pick<ResolvedHttpOptions, 'prepareRetry'>,
  retry: PreparedRetry,
): Promise<void> {
  try {
    await prepareRetry?.(retry);
  } catch (error) {
    rememberFinal(error);
    throw error;
  }
}
