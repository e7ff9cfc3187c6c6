import {
  type CallHandler,
  type ExecutionContext,
  Inject,
  Injectable,
  type NestInterceptor,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { catchError, map, Observable, throwError } from 'rxjs';
import { isDefaultRuntime, servingRuntime } from '../../runtime/index.js';
import { answerable } from './answerable.js';
import { Arrival, arrivalOf } from './arrival.js';
import { guardedHandlersOf } from './guarded-handlers.js';

/** Lets a guarded handler know which call it answers, and what was decided for it. Bound by the decorator. */
@Injectable()
export class IdempotentInterceptor implements NestInterceptor {
  constructor(@Inject(ModuleRef) private readonly moduleRef: ModuleRef) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const runtime = servingRuntime(this.moduleRef);
    const plan = guardedHandlersOf(runtime).of(context)?.plan;
    if (plan === undefined) return next.handle();
    const { outerCalls } = runtime.engine.idempotency;
    const decided = context.getType() === 'http' ? arrivalOf(context.getArgByIndex(0)) : undefined;
    const arrival = new Arrival(
      plan,
      context,
      decided?.identity === plan ? decided.outer : undefined,
      outerCalls,
    );
    // Subscribed within as well: Nest carries the context of `handle()` no further than to the call.
    const handle = (): Observable<unknown> =>
      next.handle().pipe(map((answer: unknown) => arrival.pulledWithin(answer)));
    const answers = new Observable((subscriber) => arrival.within(() => handle().subscribe(subscriber)));
    if (!isDefaultRuntime(runtime) || context.getType() !== 'http') return answers;
    return answers.pipe(
      catchError((error: unknown) => throwError(() => answerable(error, context, runtime))),
    );
  }
}
