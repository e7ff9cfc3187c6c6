import type { ExceptionFilter } from '@nestjs/common';
import type { ApplicationConfig } from '@nestjs/core';
import { narrowedToOurs, OursBeforeOthers } from './ahead-of-others.js';
import { FilterClasses, isFilter } from './filter-classes.js';

// The class is not among Nest's exports.
type ScopedFilter = ReturnType<ApplicationConfig['getGlobalRequestFilters']>[number];

/**
 * Makes certain who answers for an error of this package among the application-wide filters: those that name one
 * of its classes, then ours, then all others, whatever the order in which modules are imported and filters are
 * added. For every other error the order stays Nest's own.
 *
 * Nest asks filters last first, and reads the list when it registers routes and listeners: for a hybrid
 * application before any hook runs, for routes after the last `useGlobalFilters`. No moment is both early and
 * late enough to add a filter at the end. Hence the list is completed whenever it is read; it is only added to,
 * and only with filters that match nothing but our errors.
 */
export class GlobalFilterPlacement {
  private readonly classes = new FilterClasses();
  private readonly narrowed = new WeakMap<ExceptionFilter, ExceptionFilter | undefined>();

  constructor(
    private readonly config: ApplicationConfig,
    private readonly filter: ExceptionFilter,
  ) {}

  /** Takes the place for the life of the application; to be called once, while the application is built. */
  take(): void {
    const { config } = this;
    const filters = config.getGlobalFilters.bind(config);
    const scopedFilters = config.getGlobalRequestFilters.bind(config);
    const ours = new OursBeforeOthers(this.filter, filters, this.classes);
    const ahead = () => [ours, ...filters().flatMap((each) => this.narrow(each) ?? [])];
    config.getGlobalFilters = () => [...filters(), ...ahead()];
    config.getGlobalRequestFilters = () => this.completed(scopedFilters(), ahead);
  }

  /** Filters with a scope are asked before all others, so what goes ahead is needed once more after those. */
  private completed(scoped: ScopedFilter[], ahead: () => ExceptionFilter[]): ScopedFilter[] {
    if (scoped.length === 0) return scoped;
    const narrowed = scoped.map((each) => this.narrowScoped(each));
    return [...scoped, ...ahead().map((each) => asScoped(each)), ...narrowed];
  }

  private narrow(filter: unknown): ExceptionFilter | undefined {
    if (!isFilter(filter)) return undefined;
    if (!this.narrowed.has(filter)) this.narrowed.set(filter, narrowedToOurs(this.classes, filter));
    return this.narrowed.get(filter);
  }

  private narrowScoped(wrapper: ScopedFilter): ScopedFilter {
    const narrowedHost = (...asked: Parameters<ScopedFilter['getInstanceByContextId']>): unknown => {
      const host = wrapper.getInstanceByContextId(...asked);
      // Nest leaves out a host that has no instance.
      return host && { ...host, instance: this.narrow(host.instance) };
    };
    // The user's wrapper in all but what it gives out; `Object.create` knows no types.
    return Object.create(wrapper, { getInstanceByContextId: { value: narrowedHost } }) as ScopedFilter;
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
