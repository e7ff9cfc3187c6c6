import type { ModulesContainer } from '@nestjs/core';
import { InvalidOptionsError } from '../../core/index.js';
import type { FallbackToken } from '../../policies/fallback/index.js';
import { type Host, hostsIn, type HostWrapper, plansBelow, prototypesOf, providerOf } from '../hosts.js';
import { contextParametersOf, memberText, type MethodPlan, plansOf } from '../method-plan.js';
import { nearestOf } from './nearest.js';
import { tokenText } from './token-text.js';

/** Whoever knows what a plan is called in this application. */
export type OperationOf = (plan: MethodPlan) => string;

/**
 * What is wrong with one host's methods beside their options.
 *
 * @throws {InvalidOptionsError} naming class, method and remedy
 */
export function checkHost(host: Host, modules: ModulesContainer, operationOf: OperationOf): void {
  checkContextParameters(host.prototype);
  for (const plan of plansBelow(host.prototype)) checkFallback(operationOf(plan), plan, host, modules);
}

/** The same for one method, where no boot has checked it. @throws {InvalidOptionsError} */
export function checkCarriers(plan: MethodPlan, modules: ModulesContainer, operationOf: OperationOf): void {
  if (plan.policies.fallback === undefined) return;
  for (const host of hostsIn(modules)) {
    if (plansBelow(host.prototype).includes(plan)) checkFallback(operationOf(plan), plan, host, modules);
  }
}

function checkFallback(operation: string, plan: MethodPlan, host: Host, modules: ModulesContainer): void {
  const handler = plan.policies.fallback?.handler;
  if (typeof handler === 'string') checkFallbackMethod(operation, handler, host, plan.member);
  if (typeof handler !== 'object' || handler === null) return;
  if ('use' in handler) checkFallbackToken(operation, handler.use, modules);
  if (!('lastGood' in handler) || host.wrapper.isDependencyTreeStatic()) return;
  // A wrong form of it was refused before, with the other options.
  if (handler.lastGood.key === undefined) {
    const expected =
      'is needed: the class is request-scoped, and one caller must not get what another was given';
    throw invalid(operation, 'lastGood.key', { expected });
  }
}

function checkContextParameters(prototype: object): void {
  for (const owner of prototypesOf(prototype)) {
    for (const member of contextParametersOf(owner).keys()) {
      if (plansOf(owner).some((plan) => plan.member === member)) continue;
      const operation = `${owner.constructor.name}.${memberText(member)}`;
      const facts = { policy: '@CallContext', field: 'parameter', value: undefined };
      const expected = 'needs a policy on the method: there is no call to tell of';
      throw new InvalidOptionsError({ ...facts, operation, expected });
    }
  }
}

function checkFallbackMethod(
  operation: string,
  method: string,
  { wrapper, prototype }: Host,
  member: string | symbol,
): void {
  if (method === member) {
    const expected = `names the method itself, which would call itself for ever: "${method}"`;
    throw invalid(operation, 'handler', { value: method, expected });
  }
  const { instance } = wrapper;
  const owners = [...ownerOf(instance), ...prototypesOf(prototype)];
  if (method !== 'constructor' && owners.some((each) => mayBeMethod(each, method))) return;
  const methods = prototypesOf(prototype).flatMap((each) => Object.getOwnPropertyNames(each));
  const known = [...new Set(methods)].filter((each) => each !== 'constructor').join(', ');
  const expected = `names no method of the class: there is no "${method}" (known: ${known})`;
  throw invalid(operation, 'handler', { value: method, expected });
}

function ownerOf(instance: unknown): readonly object[] {
  return typeof instance === 'object' && instance !== null ? [instance] : [];
}

/** No getter runs: what it gives, and what is assigned later, is only known when it is asked for. */
function mayBeMethod(owner: object, member: string): boolean {
  const property = Object.getOwnPropertyDescriptor(owner, member);
  if (property === undefined) return false;
  const { value }: { value?: unknown } = property;
  return value === undefined || typeof value === 'function';
}

function checkFallbackToken(operation: string, token: FallbackToken, modules: ModulesContainer): void {
  const value = tokenText(token);
  const found = providerOf(modules, token);
  if (found === undefined) {
    const expected = `names a provider that no module has: ${value}${nearestHint(value, modules)}`;
    throw invalid(operation, 'use', { value, expected });
  }
  const scope = scopeOf(found);
  if (scope === undefined) return;
  throw invalid(operation, 'use', { value, expected: `names ${value}, which is ${scope}: use a singleton` });
}

function nearestHint(text: string, modules: ModulesContainer): string {
  const tokens = [...modules.values()].flatMap((module) => [...module.providers.keys()]);
  const nearest = nearestOf(text, [...new Set(tokens.map((each) => tokenText(each)))]);
  return nearest === undefined ? '' : ` (did you mean ${nearest}?)`;
}

function scopeOf(wrapper: HostWrapper): string | undefined {
  if (!wrapper.isDependencyTreeStatic()) return 'request-scoped';
  return wrapper.isTransient === true ? 'transient' : undefined;
}

function invalid(
  operation: string,
  field: string,
  { value, expected }: { readonly value?: unknown; readonly expected: string },
): InvalidOptionsError {
  return new InvalidOptionsError({ operation, policy: 'fallback', field, value, expected });
}
