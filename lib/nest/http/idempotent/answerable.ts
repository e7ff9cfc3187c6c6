import type { ExecutionContext } from '@nestjs/common';
import { isResilienceError } from '../../../core/errors.js';
import { IDEMPOTENT } from '../../../policies/idempotency/index.js';
import { isDefaultRuntime, type ResilienceRuntime } from '../../runtime/index.js';
import { toHttpException } from '../to-http-exception.js';
import { exchangeOf, setHeader } from './exchange.js';

/** A refusal of a request as Nest can answer it: without the module nobody would know how to answer our errors. */
export function answerable(error: unknown, context: ExecutionContext, runtime: ResilienceRuntime): unknown {
  if (!isDefaultRuntime(runtime) || !isResilienceError(error) || error.policy !== IDEMPOTENT) return error;
  const exception = toHttpException(error);
  for (const [name, value] of Object.entries(exception.headers)) setHeader(exchangeOf(context), name, value);
  return exception;
}
