import { Logger } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { InvalidOptionsError } from '../../core/index.js';
import type { FallbackToken } from '../../policies/fallback/index.js';
import { type HostWrapper, moduleName, plansBelow, prototypesOf } from '../hosts.js';
import { contextParametersOf, type MethodPlan, plansOf } from '../method-plan.js';
import { nearestOf } from './nearest.js';
import { RESILIENCE_OPTIONS } from '../resilience.tokens.js';
import type { ResilienceRuntime } from '../runtime/index.js';

type ModuleLike = ModulesContainer extends Map<string, infer M> ? M : never;

/** What is known of an application when it is checked. */
export interface Checked {
  readonly modules: ModulesContainer;
  readonly wrappers: readonly HostWrapper[];
  readonly runtime: ResilienceRuntime;
}

function invalid(operation: string, policy: string, field: string, expected: string): InvalidOptionsError {
  return new InvalidOptionsError({ operation, policy, field, value: undefined, expected });
}

/** Two roots in one application cannot both be right. @throws {InvalidOptionsError} naming who imports them */
export function checkSingleRoot(modules: ModulesContainer): void {
  const roots = [...modules.values()].filter((module) => module.providers.has(RESILIENCE_OPTIONS));
  if (roots.length < 2) return;
  const importers = roots.map((root) => importersOf(modules, root).join(', ') || 'nobody').join(' and by ');
  const expected = `is imported more than once, by ${importers}: import forRoot once, and forFeature elsewhere`;
  throw invalid('ResilienceModule', 'forRoot', 'imports', expected);
}

function importersOf(modules: ModulesContainer, imported: ModuleLike): readonly string[] {
  return [...modules.values()]
    .filter((module) => module.imports.has(imported) && !isGlobalLink(module))
    .map((module) => moduleName(module));
}

/** Nest links every module with the global ones; such a link says nothing of who wrote the import. */
function isGlobalLink(module: ModuleLike): boolean {
  return moduleName(module) === 'InternalCoreModule';
}

/** The runtime must be static: else every decorated class would be made anew per request. */
export function checkStatic(modules: ModulesContainer): void {
  for (const module of modules.values()) {
    // Nest's wrapper has more than the fields that are read of it.
    const options = module.providers.get(RESILIENCE_OPTIONS) as unknown as HostWrapper | undefined;
    if (options === undefined || options.isDependencyTreeStatic()) continue;
    const culprits = (options.inject ?? []).map((token) => nameOf(token)).join(', ') || 'its factory';
    const expected = `depend on ${culprits}, of which one is request-scoped: options must come from singletons`;
    throw invalid('ResilienceModule', 'forRootAsync', 'inject', expected);
  }
}

function nameOf(token: unknown): string {
  if (typeof token === 'function') return token.name;
  if (typeof token === 'object' && token !== null && 'token' in token) return nameOf(token.token);
  return String(token);
}

/** All that is wrong with one host's methods. @throws {InvalidOptionsError} naming class, method and remedy */
export function checkHost(wrapper: HostWrapper, prototype: object, { runtime, modules }: Checked): void {
  checkContextParameters(prototype);
  for (const plan of plansBelow(prototype)) {
    const { operation } = runtime.compile(plan);
    const handler = plan.policies.fallback?.handler;
    if (typeof handler === 'string') checkFallbackMethod(operation, prototype, wrapper, handler);
    if (typeof handler !== 'object') continue;
    if ('use' in handler) checkFallbackToken(operation, handler.use, modules);
    if ('lastGood' in handler && handler.lastGood.key === undefined && !wrapper.isDependencyTreeStatic()) {
      const expected =
        'is needed: the class is request-scoped, and one caller must not get what another was given';
      throw invalid(operation, 'fallback', 'lastGood.key', expected);
    }
  }
}

function checkContextParameters(prototype: object): void {
  for (const owner of prototypesOf(prototype)) {
    for (const member of contextParametersOf(owner).keys()) {
      if (plansOf(owner).some((plan) => plan.member === member)) continue;
      const operation = `${owner.constructor.name}.${String(member)}`;
      throw invalid(
        operation,
        '@CallContext',
        'parameter',
        'needs a policy on the method: there is no call to tell of',
      );
    }
  }
}

function checkFallbackMethod(
  operation: string,
  prototype: object,
  wrapper: HostWrapper,
  method: string,
): void {
  if (method in prototype) return;
  const { instance } = wrapper;
  if (typeof instance === 'object' && instance !== null && Object.hasOwn(instance, method)) return;
  const expected = `names no method of the class: there is no "${method}"`;
  throw new InvalidOptionsError({ operation, policy: 'fallback', field: 'handler', value: method, expected });
}

function checkFallbackToken(operation: string, token: FallbackToken, modules: ModulesContainer): void {
  const found = [...modules.values()]
    .map((module) => module.providers.get(token))
    .find((each) => each !== undefined);
  const value = nameOf(token);
  const facts = { operation, policy: 'fallback', field: 'use', value };
  if (found === undefined) {
    throw new InvalidOptionsError({ ...facts, expected: `names a provider that no module has: ${value}` });
  }
  if (found.isDependencyTreeStatic()) return;
  throw new InvalidOptionsError({
    ...facts,
    expected: `names ${value}, which is request-scoped: use a singleton`,
  });
}

/** Overrides that fit no method, or two, are most likely a slip; the class may also be loaded later. */
export function warnOfOverrides(plans: readonly MethodPlan[], { runtime }: Checked, logger: Logger): void {
  const known = [...new Set(plans.map((plan) => plan.text))];
  for (const key of Object.keys(runtime.options.overrides ?? {})) {
    if (!known.includes(key)) {
      const nearest = nearestOf(key, known);
      const hint = nearest === undefined ? '' : ` (did you mean ${nearest}?)`;
      logger.warn(`overrides['${key}'] fits no decorated method${hint}`);
    } else if (runtime.names.count(key) > 1) {
      logger.warn(
        `overrides['${key}'] fits methods of ${runtime.names.count(key)} classes and applies to all of them`,
      );
    }
  }
}

/** Who shares a text with a method of another class is told apart by a number; a name would say more. */
export function adviseNames(plans: readonly MethodPlan[], { runtime }: Checked, logger: Logger): void {
  for (const text of new Set(plans.map((plan) => plan.text))) {
    if (runtime.names.count(text) < 2) continue;
    logger.log(
      `two classes have a decorated ${text}: the later one reads ${text}#2; give its policies a name`,
    );
  }
}
