import {
  type CallHandler,
  type ExecutionContext,
  Inject,
  Injectable,
  type NestInterceptor,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { Observable } from 'rxjs';
import type { Surroundings } from '../../../pipeline/index.js';
import { servingRuntime } from '../../runtime/index.js';
import { guardedHandlersOf } from './guarded-handlers.js';

/** Lets a guarded handler know which call it answers, and what was decided for it. Bound by the decorator. */
@Injectable()
export class IdempotentInterceptor implements NestInterceptor {
  constructor(@Inject(ModuleRef) private readonly moduleRef: ModuleRef) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const runtime = servingRuntime(this.moduleRef);
    const handlers = guardedHandlersOf(runtime);
    const plan = handlers.of(context)?.plan;
    if (plan === undefined) return next.handle();
    const { outerCalls } = runtime.engine.idempotency;
    const isHttp = context.getType() === 'http';
    const surroundings: Surroundings = {
      identity: plan,
      request: isHttp ? context.switchToHttp().getRequest() : undefined,
      executionContext: context,
      outer: isHttp ? handlers.decidedFor(context) : undefined,
    };
    // Subscribed within as well: Nest carries the context of `handle()` no further than to the call.
    return new Observable((subscriber) =>
      outerCalls.run(surroundings, () => next.handle().subscribe(subscriber)),
    );
  }
}
