import type { ExceptionFilter } from '@nestjs/common';
import type { ApplicationConfig } from '@nestjs/core';
import { NamedFilters } from './named-filters.js';

// The class is not among Nest's exports.
type ScopedFilter = ReturnType<ApplicationConfig['getGlobalRequestFilters']>[number];

/**
 * Makes certain who answers for an error of this package among the application-wide filters: those that name one
 * of its classes, then ours, then all others, whatever the order in which modules are imported and filters are
 * added. For every other error the order stays Nest's own.
 *
 * Nest asks filters last first, and reads the list when it registers routes and listeners, which for a hybrid
 * application is before any hook and for `useGlobalFilters` after all of them are built: no moment is both late
 * and early enough to add a filter at the end. Hence the list is completed whenever it is read. It is only ever
 * added to, at its end and with filters that match nothing but our errors.
 */
export class GlobalFilterPlacement {
  private readonly named = new NamedFilters();

  constructor(
    private readonly config: ApplicationConfig,
    private readonly filter: ExceptionFilter,
  ) {}

  /** Takes the place for the life of the application; must be called once, while the application is built. */
  take(): void {
    const { config } = this;
    const filters = config.getGlobalFilters.bind(config);
    const scopedFilters = config.getGlobalRequestFilters.bind(config);
    config.getGlobalFilters = () => [...filters(), ...this.ahead(filters())];
    config.getGlobalRequestFilters = () => this.completed(scopedFilters(), filters());
  }

  /** Ours and above it what goes before ours, in the order that Nest reads from its end. */
  private ahead(filters: readonly unknown[]): readonly ExceptionFilter[] {
    return [this.filter, ...filters.flatMap((each) => this.named.narrowed(each) ?? [])];
  }

  /** Filters with a scope stand above all others, so that ours is needed once more above those. */
  private completed(scoped: readonly ScopedFilter[], filters: readonly unknown[]): ScopedFilter[] {
    if (scoped.length === 0) return [];
    const ahead = this.ahead(filters).map((each) => asScoped(each));
    return [...scoped, ...ahead, ...scoped.map((each) => this.narrowedScoped(each))];
  }

  private narrowedScoped(wrapper: ScopedFilter): ScopedFilter {
    const getInstanceByContextId: ScopedFilter['getInstanceByContextId'] = (contextId, inquirerId) => {
      const host = wrapper.getInstanceByContextId(contextId, inquirerId);
      // Nest leaves out what is not there, as it does for filters that name only other classes.
      return host && { ...host, instance: this.named.narrowed(host.instance) };
    };
    // The wrapper as it is, but for what it gives out: `Object.create` has no type of its own.
    return Object.create(wrapper, { getInstanceByContextId: { value: getInstanceByContextId } }) as ScopedFilter;
  }
}

/** A filter without a scope in the place of one with: what Nest reads of a wrapper when it collects filters. */
function asScoped(filter: ExceptionFilter): ScopedFilter {
  const host = { instance: filter, isResolved: true, isConstructorCalled: true };
  const wrapper = {
    token: filter.constructor,
    isTransient: false,
    isNotMetatype: true,
    isDependencyTreeDurable: () => false,
    getInstanceByContextId: () => host,
  };
  // Nest's class can neither be imported nor made; the parts it reads are these.
  return wrapper as unknown as ScopedFilter;
}
