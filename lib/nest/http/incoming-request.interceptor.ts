import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { Observable } from 'rxjs';
import { fieldOf, textOf } from '../../core/error-facts.js';
import { headerOf } from '../../core/headers.js';
import type { UnsafeRequests } from './unsafe-requests.js';

/**
 * Who asks whether the handler of a context may be run again: the values that `isUnsafeNow` will be asked with;
 * none where nothing there would run it again.
 */
export type RepeatingHandlersOf = (context: ExecutionContext) => ReadonlySet<object>;

/**
 * Lets a decorated route handler know that the request at hand is an HTTP POST or PATCH without an
 * `Idempotency-Key`. Every other request passes through it as it is.
 */
export class IncomingRequestInterceptor implements NestInterceptor {
  constructor(
    private readonly requests: UnsafeRequests,
    private readonly handlersOf: RepeatingHandlersOf,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (context.getType() !== 'http') return next.handle();
    if (!isUnsafe(context.switchToHttp().getRequest())) return next.handle();
    const handlers = this.handlersOf(context);
    if (handlers.size === 0) return next.handle();
    // Subscribed within as well: a handler that returns an Observable runs at its subscription, and Nest carries
    // the context of `handle()` no further than to the call.
    return new Observable((subscriber) =>
      this.requests.answer(handlers, () => next.handle().subscribe(subscriber)),
    );
  }
}

const UNSAFE_METHODS: ReadonlySet<string> = new Set(['POST', 'PATCH']);

/** An empty key identifies nothing. */
function isUnsafe(request: unknown): boolean {
  if (!UNSAFE_METHODS.has(textOf(request, 'method').toUpperCase())) return false;
  return (headerOf(fieldOf(request, 'headers'), 'idempotency-key') ?? '').trim() === '';
}
