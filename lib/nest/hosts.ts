import { types } from 'node:util';
import type { InjectionToken, Scope } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { contextParametersOf, type MethodPlan, planOf, plansOf } from './method-plan.js';

/** What is read of Nest's wrapper around anything it builds; the class is not among Nest's exports. */
export interface HostWrapper {
  readonly name: unknown;
  readonly token?: unknown;
  readonly scope?: Scope | undefined;
  metatype: unknown;
  readonly instance: unknown;
  readonly inject?: readonly unknown[] | null | undefined;
  readonly isAlias?: boolean | undefined;
  readonly isNotMetatype?: boolean | undefined;
  readonly isTransient?: boolean | undefined;
  isDependencyTreeStatic(): boolean;
  getStaticTransientInstances?(): readonly ({ readonly instance?: unknown } | undefined)[];
  getCtorMetadata?(): readonly (HostWrapper | undefined)[] | undefined;
}

type ModuleLike = ModulesContainer extends Map<string, infer M> ? M : never;

/** A module of Nest by the name of its class. */
export function moduleName(module: { readonly metatype?: unknown }): string {
  const { metatype } = module;
  return typeof metatype === 'function' ? metatype.name : '(module)';
}

/** Everything that Nest builds in an application, in module order; aliases are left out. */
export function hostWrappers(modules: Pick<ModulesContainer, 'values'>): readonly HostWrapper[] {
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
  return prototypesOf(prototype).flatMap((each) => [...plansOf(each), ...takenOverBy(each)]);
}

const TAKEN_OVER = new WeakMap<object, readonly MethodPlan[]>();

/** The plans of methods that a class has from another that is none of its ancestors, as mixins do that copy. */
function takenOverBy(owner: object): readonly MethodPlan[] {
  const known = TAKEN_OVER.get(owner);
  if (known !== undefined) return known;
  const found = Object.values(Object.getOwnPropertyDescriptors(owner)).flatMap(({ value }) => {
    const plan = planOf(value);
    if (plan === undefined || plan.owner === owner) return [];
    return plansOf(plan.owner).filter(({ member }) => member === plan.member);
  });
  TAKEN_OVER.set(owner, found);
  return found;
}

/**
 * A provider of any module, of lazily loaded ones too, which a `ModuleRef` that was asked before does not know.
 * Where several have the token it is the last one, as with `ModuleRef`.
 */
export function providerOf(modules: ModulesContainer, token: InjectionToken): HostWrapper | undefined {
  const found = [...modules.values()].map((module) => module.providers.get(token));
  // Nest's own class has more than these fields.
  return found.findLast((each) => each !== undefined) as HostWrapper | undefined;
}

/** Something in an application whose instances have decorated methods, or parameters that tell of a call. */
export interface Host {
  readonly wrapper: HostWrapper;
  readonly prototype: object;
}

/** All hosts of an application that exist by now, in module order. */
export function hostsIn(modules: ModulesContainer): readonly Host[] {
  return hostWrappers(modules).flatMap((wrapper) => {
    const built = classOf(wrapper)?.prototype;
    const prototypes = built === undefined ? instancesOf(wrapper).map(prototypeOfInstance) : [built];
    const decorated = prototypes.filter((each) => each !== undefined && isDecorated(each));
    return [...new Set(decorated)].map((prototype) => ({ wrapper, prototype }));
  });
}

function isDecorated(prototype: object): prototype is object {
  return prototypesOf(prototype).some(
    (each) => plansBelow(each).length > 0 || contextParametersOf(each).size > 0,
  );
}

/** What exists of a factory or a value by now: an instance, or one for each consumer. */
export function instancesOf(wrapper: HostWrapper): readonly unknown[] {
  const perConsumer = wrapper.getStaticTransientInstances?.() ?? [];
  const shared = wrapper.isDependencyTreeStatic() ? [wrapper.instance] : [];
  return [...shared, ...perConsumer.map((each) => each?.instance)];
}

/** The prototype of an instance that was not built by Nest; no property of it is read. */
export function prototypeOfInstance(instance: unknown): object | undefined {
  if (typeof instance !== 'object' || instance === null || types.isProxy(instance)) return undefined;
  const prototype: unknown = Object.getPrototypeOf(instance);
  return typeof prototype === 'object' && prototype !== null ? prototype : undefined;
}
