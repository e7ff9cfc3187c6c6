import type { LazyModuleLoader, ModulesContainer } from '@nestjs/core';
import { hostWrappers } from '../hosts.js';
import type { ResilienceRuntime } from '../runtime/index.js';
import { sweep } from './sweep.js';

/**
 * Has instances bound that factories of lazily loaded modules make. Nest runs no hook for these modules, so the loader
 * itself has to tell: whoever has loaded a module finds them bound.
 */
export function followLazyModules(
  loader: LazyModuleLoader,
  modules: ModulesContainer,
  runtime: ResilienceRuntime,
): void {
  const load = loader.load.bind(loader);
  loader.load = async (...given) => {
    const known = new Set(modules.keys());
    const loaded = await load(...given);
    const others = [...modules].filter(([token]) => !known.has(token));
    sweep(hostWrappers(new Map(others)), runtime);
    return loaded;
  };
}
