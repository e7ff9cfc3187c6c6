import { UseGuards } from '@nestjs/common';
import type { ModuleRef, ModulesContainer } from '@nestjs/core';
import { plansBelow, prototypesOf } from '../../hosts.js';
import { planOf } from '../../method-plan.js';
import { bindInterceptor, isBound, placeLast } from './bind-guard.js';
import { IdempotentGuard } from './idempotent.guard.js';
import { IdempotentInterceptor } from './idempotent.interceptor.js';
import { withholdRequest } from './passed-request.js';

/**
 * A foreign decorator that replaces a method and drops its metadata hides the guard from Nest; it is bound to what
 * stands in the method's place, before the first route is made.
 */
export function coverHiddenGuards(modules: ModulesContainer, moduleRef: ModuleRef): void {
  const controllers = [...modules.values()].flatMap((module) => [...module.controllers.values()]);
  for (const { metatype } of controllers) {
    const prototype: unknown = metatype?.prototype;
    if (typeof prototype === 'object' && prototype !== null) coverIn(prototype, moduleRef);
  }
}

/** What a subclass has overridden is its own affair: an override without our decorator is not guarded. */
function coverIn(prototype: object, moduleRef: ModuleRef): void {
  for (const plan of plansBelow(prototype)) {
    const { owner, member, policies } = plan;
    if (policies.idempotent === undefined) continue;
    const descriptor = Object.getOwnPropertyDescriptor(owner, member);
    if (typeof descriptor?.value !== 'function') continue;
    if (!isBound(descriptor.value)) {
      UseGuards(new IdempotentGuard(moduleRef))(owner, member, descriptor);
      bindInterceptor(descriptor.value, new IdempotentInterceptor(moduleRef));
    } else if (plan.passedRequest !== undefined && planOf(descriptor.value) === undefined) {
      // Whoever has put a wrapper there since may drop the argument that is passed beside.
      bindInterceptor(descriptor.value, new IdempotentInterceptor(moduleRef));
    }
    placeLast(descriptor.value);
    if (plan.passedRequest !== undefined) withholdFromOverride(prototype, member);
  }
}

/** An override inherits what Nest passes; one with rest parameters would be given more than it declares. */
function withholdFromOverride(prototype: object, member: string | symbol): void {
  const owner = prototypesOf(prototype).find((each) => Object.hasOwn(each, member));
  const standing: unknown = owner && Object.getOwnPropertyDescriptor(owner, member)?.value;
  if (owner === undefined || typeof standing !== 'function' || isBound(standing)) return;
  withholdRequest(owner.constructor, member);
}
