import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { isDefaultRuntime, type ResilienceRuntime, servingRuntime } from '../../runtime/index.js';
import { toHttpException } from '../to-http-exception.js';
import { exchangeOf, setHeader } from './exchange.js';
import { guardedHandlersOf } from './guarded-handlers.js';

/**
 * Claims the key of a request when all other guards have passed, and before anything else of its route runs. Bound
 * to the handler by the decorator, in every module and wherever `@Post` stands.
 */
@Injectable()
export class IdempotentGuard implements CanActivate {
  // To be had in every module; the runtime itself is not, and must not be injected.
  constructor(@Inject(ModuleRef) private readonly moduleRef: ModuleRef) {}

  /** Lets the route go on; stays open for a request that was answered with what is kept. @throws the refusal */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    if (context.getType() !== 'http') return true;
    return this.admit(context);
  }

  private async admit(context: ExecutionContext): Promise<boolean> {
    const runtime = servingRuntime(this.moduleRef);
    const handlers = guardedHandlersOf(runtime);
    try {
      const route = handlers.of(context)?.route;
      if (route !== undefined) handlers.decide(context, await route.admit(context));
      return true;
    } catch (error) {
      throw answerable(error, context, runtime);
    }
  }
}

/** Without the module nobody would know how to answer our errors. */
function answerable(error: unknown, context: ExecutionContext, runtime: ResilienceRuntime): unknown {
  const exception = isDefaultRuntime(runtime) ? toHttpException(error) : undefined;
  if (exception === undefined) return error;
  for (const [name, value] of Object.entries(exception.headers)) setHeader(exchangeOf(context), name, value);
  return exception;
}
