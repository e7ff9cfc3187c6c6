import { Inject } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';

/**
 * The property in which Nest puts `ModuleRef` into every instance it builds of a class with decorated methods, in
 * every scope and as every kind of host. A property is filled where a constructor parameter would have to be
 * declared, and `ModuleRef` is to be had in every module.
 */
const INJECTED = Symbol('nestjs-selfheal.moduleRef');
/** Where it is kept: not enumerable, so no copy, comparison or log sees it. */
const HOST: unique symbol = Symbol('nestjs-selfheal.host');
/** Bindings of instances that cannot be extended. */
const FROZEN = new WeakMap<object, unknown>();

interface Bound {
  readonly [HOST]?: unknown;
}

/** Whether Nest is asked for the `ModuleRef` of a class's instances. */
export function isInjected(prototype: object): boolean {
  return INJECTED in prototype;
}

/** Asks Nest for `ModuleRef`, once for a class and its subclasses. */
export function declareInjection(prototype: object): void {
  if (isInjected(prototype)) return;
  Object.defineProperty(prototype, INJECTED, {
    configurable: true,
    set(this: object, host: unknown) {
      bindHost(this, host);
    },
  });
  Inject(ModuleRef)(prototype, INJECTED);
}

/** Remembers where an instance belongs: the `ModuleRef` that Nest gave it, or the runtime that found it. */
export function bindHost(instance: object, host: unknown): void {
  if (Object.isExtensible(instance)) {
    Object.defineProperty(instance, HOST, {
      value: host,
      configurable: true,
      writable: true,
      enumerable: false,
    });
  } else {
    FROZEN.set(instance, host);
  }
}

/** Where an instance belongs; `undefined` for what Nest never saw. */
export function hostOf(self: unknown): unknown {
  if (typeof self !== 'object' || self === null) return undefined;
  return (self as Bound)[HOST] ?? FROZEN.get(self);
}
