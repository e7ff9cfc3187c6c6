import { Scope } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { InvalidOptionsError } from '../../core/index.js';
import { type HostWrapper, moduleName } from '../hosts.js';
import { RESILIENCE_OPTIONS } from '../resilience.tokens.js';
import { tokenText } from './token-text.js';

type ModuleLike = ModulesContainer extends Map<string, infer M> ? M : never;

/** Two roots in one application cannot both be right. @throws {InvalidOptionsError} naming who imports them */
export function checkSingleRoot(modules: ModulesContainer): void {
  const roots = [...modules.values()].filter((module) => module.providers.has(RESILIENCE_OPTIONS));
  if (roots.length < 2) return;
  const importers = [...modules.values()].flatMap((module) =>
    importsOf(module)
      .filter((each) => isRoot(each))
      .map(() => moduleName(module)),
  );
  while (importers.length < roots.length) importers.push('a dynamic module');
  throw invalid(
    'forRoot',
    `is called by ${importers.join(' and by ')}: once is right, and forFeature elsewhere`,
  );
}

/**
 * What the class of a module imports. Nest links global modules with all others, so its own list does not tell
 * who wrote an import.
 */
function importsOf({ metatype }: ModuleLike): readonly unknown[] {
  const imports: unknown = typeof metatype === 'function' ? Reflect.getMetadata('imports', metatype) : [];
  return Array.isArray(imports) ? imports.map((each: unknown) => unwrapped(each)) : [];
}

function unwrapped(imported: unknown): unknown {
  const isReference = typeof imported === 'object' && imported !== null && 'forwardRef' in imported;
  return isReference && typeof imported.forwardRef === 'function' ? imported.forwardRef() : imported;
}

function isRoot(imported: unknown): boolean {
  if (typeof imported !== 'object' || imported === null || !('providers' in imported)) return false;
  const { providers } = imported;
  return Array.isArray(providers) && providers.some((each) => isOptions(each));
}

function isOptions(provider: unknown): boolean {
  return (
    typeof provider === 'object' &&
    provider !== null &&
    'provide' in provider &&
    provider.provide === RESILIENCE_OPTIONS
  );
}

/** The runtime must be static: else every decorated class would be made anew per request. */
export function checkStatic(modules: ModulesContainer): void {
  for (const module of modules.values()) {
    // Nest's wrapper has more than the fields that are read of it.
    const options = module.providers.get(RESILIENCE_OPTIONS) as unknown as HostWrapper | undefined;
    if (options === undefined || options.isDependencyTreeStatic()) continue;
    const culprit = tokenText(scopedBehind(options).token);
    throw invalid('forRootAsync', `depends on ${culprit}, which is request-scoped: give it singletons`);
  }
}

/** Who makes a provider request-scoped: itself, or what it depends on, however far behind. */
function scopedBehind(wrapper: HostWrapper, seen: readonly HostWrapper[] = []): HostWrapper {
  if (wrapper.scope === Scope.REQUEST) return wrapper;
  const behind = wrapper
    .getCtorMetadata?.()
    ?.find((each) => each !== undefined && !seen.includes(each) && !each.isDependencyTreeStatic());
  return behind === undefined ? wrapper : scopedBehind(behind, [...seen, wrapper]);
}

function invalid(field: string, expected: string): InvalidOptionsError {
  const operation = 'ResilienceModule';
  return new InvalidOptionsError({ operation, policy: operation, field, value: undefined, expected });
}
