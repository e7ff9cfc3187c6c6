import { types } from 'node:util';
import type { ModulesContainer } from '@nestjs/core';
import { type MethodPlan, plansOf } from './method-plan.js';

/** What is read of Nest's wrapper around anything it builds; the class is not among Nest's exports. */
export interface HostWrapper {
  readonly name: unknown;
  metatype: unknown;
  readonly instance: unknown;
  readonly inject?: readonly unknown[] | null | undefined;
  readonly isAlias?: boolean | undefined;
  readonly isNotMetatype?: boolean | undefined;
  readonly isTransient?: boolean | undefined;
  isDependencyTreeStatic(): boolean;
  getStaticTransientInstances?(): readonly ({ readonly instance?: unknown } | undefined)[];
}

type ModuleLike = ModulesContainer extends Map<string, infer M> ? M : never;

/** A module of Nest by the name of its class. */
export function moduleName(module: { readonly metatype?: unknown }): string {
  const { metatype } = module;
  return typeof metatype === 'function' ? metatype.name : '(module)';
}

/** Everything that Nest builds in an application, in module order; aliases are left out. */
export function hostWrappers(modules: ModulesContainer): readonly HostWrapper[] {
  return [...modules.values()].flatMap((module) => wrappersOf(module));
}

function wrappersOf(module: ModuleLike): readonly HostWrapper[] {
  const collections = [module.providers, module.controllers, module.injectables, module.middlewares];
  // Nest's own class has more than these fields; a module of another version may lack a collection.
  const wrappers = collections.flatMap((each) => [
    ...(each?.values() ?? []),
  ]) as unknown as readonly HostWrapper[];
  return wrappers.filter((wrapper) => wrapper.isAlias !== true);
}

/** The class that a wrapper builds; `undefined` for factories and values. */
export function classOf(
  wrapper: HostWrapper,
): { readonly prototype: object; readonly name: string } | undefined {
  const { metatype, isNotMetatype, inject } = wrapper;
  if (typeof metatype !== 'function' || isNotMetatype === true || (inject ?? undefined) !== undefined)
    return undefined;
  const prototype: unknown = metatype.prototype;
  return typeof prototype === 'object' && prototype !== null ? { prototype, name: metatype.name } : undefined;
}

/** The prototypes of an object, nearest first; a proxy is asked nothing. */
export function prototypesOf(start: unknown): readonly object[] {
  const chain: object[] = [];
  let current: unknown = start;
  while (typeof current === 'object' && current !== null && !types.isProxy(current)) {
    if (current === Object.prototype) break;
    chain.push(current);
    current = Object.getPrototypeOf(current);
  }
  return chain;
}

/** The plans of all decorated methods that instances with this prototype have, those behind `super` included. */
export function plansBelow(prototype: object): readonly MethodPlan[] {
  return prototypesOf(prototype).flatMap((each) => plansOf(each));
}

/** The prototype of an instance that was not built by Nest; no property of it is read. */
export function prototypeOfInstance(instance: unknown): object | undefined {
  if (typeof instance !== 'object' || instance === null || types.isProxy(instance)) return undefined;
  const prototype: unknown = Object.getPrototypeOf(instance);
  return typeof prototype === 'object' && prototype !== null ? prototype : undefined;
}
