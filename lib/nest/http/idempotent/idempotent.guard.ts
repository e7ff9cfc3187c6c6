import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { OuterCall } from '../../../pipeline/index.js';
import { type ResilienceRuntime, servingRuntime } from '../../runtime/index.js';
import { answerable } from './answerable.js';
import { Arrival } from './arrival.js';
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
    const runtime = servingRuntime(this.moduleRef);
    return new Promise((resolve, reject) => {
      const goOn = (): void => resolve(true);
      const refuse = (error: unknown): void => reject(answerable(error, context, runtime));
      try {
        admit(context, runtime, goOn, refuse);
      } catch (error) {
        refuse(error);
      }
    });
  }
}

function admit(
  context: ExecutionContext,
  runtime: ResilienceRuntime,
  goOn: () => void,
  refuse: (error: unknown) => void,
): void {
  const handler = guardedHandlersOf(runtime).of(context);
  if (handler === undefined) return goOn();
  const { outerCalls } = runtime.engine.idempotency;
  const decide = (outer: OuterCall | undefined): void => {
    new Arrival(handler.plan, context, outer, outerCalls).keep();
    goOn();
  };
  if (handler.route === undefined) decide(undefined);
  else handler.route.admit(context, decide, refuse);
}
