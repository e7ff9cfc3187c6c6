import 'reflect-metadata';
import { Catch, type ExceptionFilter, type Type } from '@nestjs/common';
import { ResilienceError } from '../../core/errors.js';

/** Finds among a user's filters those that name classes of this package. */
export class NamedFilters {
  private readonly metadataKey = keyOfCatch();

  /** A filter that hands on only those errors of ours that the given one names; `undefined` if it names none. */
  narrowed(filter: unknown): ExceptionFilter | undefined {
    if (!isFilter(filter)) return undefined;
    const named = this.classesNamedBy(filter).filter(isOurClass);
    return named.length === 0 ? undefined : onlyFor(named, filter);
  }

  /** Where Nest looks, in its order: older versions write to the class alone. */
  private classesNamedBy(filter: ExceptionFilter): readonly unknown[] {
    const prototype: unknown = Object.getPrototypeOf(filter);
    const named: unknown = this.readFrom(prototype) ?? this.readFrom(filter.constructor);
    return Array.isArray(named) ? named : [];
  }

  private readFrom(target: unknown): unknown {
    const isTarget = typeof target === 'function' || (typeof target === 'object' && target !== null);
    return isTarget ? Reflect.getMetadata(this.metadataKey, target) : undefined;
  }
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

function onlyFor(classes: Type<unknown>[], filter: ExceptionFilter): ExceptionFilter {
  @Catch(...classes)
  class Narrowed implements ExceptionFilter {
    readonly catch: ExceptionFilter['catch'] = (error, host) => filter.catch(error, host);
  }
  return new Narrowed();
}

function isOurClass(named: unknown): named is Type<unknown> {
  if (typeof named !== 'function') return false;
  const prototype: unknown = named.prototype;
  return prototype === ResilienceError.prototype || prototype instanceof ResilienceError;
}

function isFilter(value: unknown): value is ExceptionFilter {
  return typeof value === 'object' && value !== null && 'catch' in value && typeof value.catch === 'function';
}
