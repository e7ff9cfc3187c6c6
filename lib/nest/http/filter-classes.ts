import 'reflect-metadata';
import { Catch, type ExceptionFilter } from '@nestjs/common';

/** Knows which errors a user's filter catches, as Nest knows it: from what `@Catch` has named. */
export class FilterClasses {
  private readonly metadataKey = keyOfCatch();

  /** The classes that the filter names; empty for one that catches everything. */
  namedBy(filter: ExceptionFilter): readonly NamedClass[] {
    // Newer versions of Nest write to the prototype too and look there first, older ones to the class alone.
    const prototype: unknown = Object.getPrototypeOf(filter);
    const named: unknown = this.readFrom(prototype) ?? this.readFrom(filter.constructor);
    return Array.isArray(named) ? named.filter(isClass) : [];
  }

  /** Whether Nest would hand the error to the filter. */
  catches(filter: ExceptionFilter, error: unknown): boolean {
    const named = this.namedBy(filter);
    return named.length === 0 || named.some((each) => error instanceof each);
  }

  private readFrom(target: unknown): unknown {
    const isTarget = typeof target === 'function' || (typeof target === 'object' && target !== null);
    return isTarget ? Reflect.getMetadata(this.metadataKey, target) : undefined;
  }
}

/** What may stand in `@Catch(…)`, abstract classes included. */
export type NamedClass = abstract new (...args: never[]) => unknown;

/** Whether a value is an instance that Nest would use as a filter. */
export function isFilter(value: unknown): value is ExceptionFilter {
  return typeof value === 'object' && value !== null && 'catch' in value && typeof value.catch === 'function';
}

/** The key is not among Nest's exports, so it is read off a class on which Nest has used it. */
function keyOfCatch(): unknown {
  class Mark {}
  class Marked {}
  Catch(Mark)(Marked);
  return Reflect.getMetadataKeys(Marked).find((key) => {
    const value: unknown = Reflect.getMetadata(key, Marked);
    return Array.isArray(value) && value.includes(Mark);
  });
}

function isClass(value: unknown): value is NamedClass {
  return typeof value === 'function' && typeof value.prototype === 'object';
}
