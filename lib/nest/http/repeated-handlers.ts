import {
  Inject,
  Injectable,
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { type ApplicationConfig, ModuleRef, type ModulesContainer } from '@nestjs/core';
import type { Observable } from 'rxjs';
import { plansBelow, prototypesOf } from '../hosts.js';
import type { MethodPlan } from '../method-plan.js';
import { servingRuntime } from '../runtime/index.js';
import { IncomingRequestInterceptor } from './incoming-request.interceptor.js';

/** Stands on functions to which the interceptor is bound; copied by whoever copies Nest's own metadata. */
const IS_BOUND = Symbol('nestjs-selfheal.repeatedHandler');

/**
 * Lets the retry or hedge of a route handler know the request it answers. Bound to the handler by the decorator, so that
 * routes without one cost nothing, in every module and wherever `@Post` stands.
 */
@Injectable()
export class RepeatedHandlerInterceptor implements NestInterceptor {
  // To be had in every module; the runtime itself is not, and must not be injected.
  constructor(@Inject(ModuleRef) private readonly moduleRef: ModuleRef) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { unsafeRequests } = servingRuntime(this.moduleRef);
    return new IncomingRequestInterceptor(unsafeRequests, repeatedIdentities).intercept(context, next);
  }
}

/** Binds the interceptor to a method that may turn out to be a route handler. */
export function bindToRequests(
  target: object,
  member: string | symbol,
  descriptor: PropertyDescriptor,
): void {
  const isStatic = typeof target === 'function';
  if (isStatic || Reflect.getOwnMetadata(IS_BOUND, descriptor.value) === true) return;
  UseInterceptors(RepeatedHandlerInterceptor)(target, member, descriptor);
  Reflect.defineMetadata(IS_BOUND, true, descriptor.value);
}

/**
 * A foreign decorator that replaces a method and drops its metadata hides the interceptor from Nest, and a POST
 * would be repeated unasked: an application with such a handler has it bound to all routes.
 */
export function coverHiddenHandlers(
  config: ApplicationConfig,
  modules: ModulesContainer,
  moduleRef: ModuleRef,
): void {
  const prototypes = [...modules.values()].flatMap((module) =>
    [...module.controllers.values()].map(({ metatype }): unknown => metatype?.prototype),
  );
  if (prototypes.some((prototype) => hidesHandler(prototype))) {
    config.addGlobalInterceptor(new RepeatedHandlerInterceptor(moduleRef));
  }
}

function hidesHandler(prototype: unknown): boolean {
  if (typeof prototype !== 'object' || prototype === null) return false;
  return repeated(prototype).some(({ member }) => {
    const standing = prototypesOf(prototype)
      .map((each): unknown => Object.getOwnPropertyDescriptor(each, member)?.value)
      .find((value) => value !== undefined);
    return typeof standing === 'function' && Reflect.getMetadata(IS_BOUND, standing) !== true;
  });
}

/** All plans around and behind a handler: what stands behind `super` answers the same request. */
function repeatedIdentities(context: ExecutionContext): ReadonlySet<object> {
  // The type says `any`: Nest knows nothing of a class but that it is one.
  const prototype = context.getClass().prototype as object;
  const member = memberOf(prototype, context.getHandler());
  const plans = repeated(prototype).filter((plan) => plan.member === member);
  return new Set(plans.map((plan) => plan.identity));
}

function repeated(prototype: object): readonly MethodPlan[] {
  return plansBelow(prototype).filter(
    ({ policies }) => policies.retry !== undefined || policies.hedge !== undefined,
  );
}

/** By the function itself: whoever replaces a method may give it another name. */
function memberOf(prototype: object, handler: { readonly name: string }): string | symbol {
  for (const each of prototypesOf(prototype)) {
    const found = Reflect.ownKeys(each).find(
      (key) => Object.getOwnPropertyDescriptor(each, key)?.value === handler,
    );
    if (found !== undefined) return found;
  }
  return handler.name;
}
