import 'reflect-metadata';
import { UseGuards, UseInterceptors } from '@nestjs/common';
import type { AnyMethod } from '../../method-plan.js';
import { IdempotentGuard } from './idempotent.guard.js';
import { IdempotentInterceptor } from './idempotent.interceptor.js';
import { passRequest } from './passed-request.js';

/** Where Nest keeps the guards of a handler; the key is not among its exports. */
const GUARDS = '__guards__';
const INTERCEPTORS = '__interceptors__';
/** Stands on functions to which the guard is bound; copied by whoever copies Nest's own metadata. */
const IS_BOUND = Symbol('nestjs-selfheal.idempotentHandler');

/**
 * Binds to a method that may turn out to be a route handler what tells it of its request: an interceptor, or where
 * the key comes with the request the guard.
 */
export function bindGuard(
  target: object,
  member: string | symbol,
  descriptor: PropertyDescriptor,
  isKeyedByHeader: boolean,
): void {
  const handler: unknown = descriptor.value;
  if (typeof target === 'function' || typeof handler !== 'function' || isBound(handler)) return;
  Reflect.defineMetadata(IS_BOUND, true, handler);
  UseInterceptors(IdempotentInterceptor)(target, member, descriptor);
  if (!isKeyedByHeader) return;
  UseGuards(IdempotentGuard)(target, member, descriptor);
  // Guards that are written above this decorator are added after it, and must run before it. Routes are made long
  // after the class is defined.
  queueMicrotask(() => {
    placeLast(handler);
    // Type known from above: what stands on a prototype is a method.
    if (passRequest(target, member, handler as AnyMethod)) unbindInterceptor(handler);
  });
}

/** Whether the guard stands before a handler. */
export function isBound(handler: object): boolean {
  return Reflect.getMetadata(IS_BOUND, handler) === true;
}

/** The request reaches the handler another way. */
function unbindInterceptor(handler: object): void {
  Reflect.defineMetadata(INTERCEPTORS, otherInterceptors(handler), handler);
}

/** Binds it in the place of that of another application: each knows the requests of its own. */
export function bindInterceptor(handler: object, interceptor: IdempotentInterceptor): void {
  Reflect.defineMetadata(INTERCEPTORS, [...otherInterceptors(handler), interceptor], handler);
}

function otherInterceptors(handler: object): readonly unknown[] {
  const interceptors: unknown = Reflect.getMetadata(INTERCEPTORS, handler);
  if (!Array.isArray(interceptors)) return [];
  return interceptors.filter(
    (each) => each !== IdempotentInterceptor && !(each instanceof IdempotentInterceptor),
  );
}

/** Makes our guard the last one. */
export function placeLast(handler: object): void {
  const guards: unknown = Reflect.getMetadata(GUARDS, handler);
  if (!Array.isArray(guards)) return;
  const others = guards.filter((each) => !isOurs(each));
  const ours = guards.filter((each) => isOurs(each)).slice(-1);
  Reflect.defineMetadata(GUARDS, [...others, ...ours], handler);
}

function isOurs(guard: unknown): boolean {
  return guard === IdempotentGuard || guard instanceof IdempotentGuard;
}
