import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { ResilienceError } from '../../core/errors.js';
import { AnyResilienceError } from './any-resilience-error.js';
import { isFilter, type FilterClasses, type NamedClass } from './filter-classes.js';

/** Hands on those errors of this package that the given filter names; `undefined` for one that names none. */
export function narrowedToOurs(classes: FilterClasses, filter: ExceptionFilter): ExceptionFilter | undefined {
  const ours = classes.namedBy(filter).filter(isOurs);
  if (ours.length === 0) return undefined;

  @Catch(...ours)
  class Narrowed implements ExceptionFilter {
    readonly catch: ExceptionFilter['catch'] = (error, host) => filter.catch(error, host);
  }
  return new Narrowed();
}

/**
 * Our filter in its place before the others. What it cannot answer, as in a context of another library, it
 * throws as it came; that is handed to the filter that Nest would have asked.
 */
@Catch(AnyResilienceError)
export class OursBeforeOthers implements ExceptionFilter<ResilienceError> {
  constructor(
    private readonly ours: ExceptionFilter<ResilienceError>,
    private readonly others: () => readonly unknown[],
    private readonly classes: FilterClasses,
  ) {}

  catch(error: ResilienceError, host: ArgumentsHost): unknown {
    try {
      return this.ours.catch(error, host);
    } catch (thrown) {
      const next = thrown === error ? this.nextFor(error) : undefined;
      if (next === undefined) throw thrown;
      return next.catch(error, host);
    }
  }

  private nextFor(error: ResilienceError): ExceptionFilter | undefined {
    const { ours } = this;
    const others = this.others().filter(isFilter);
    return others.findLast(
      (each) => each.constructor !== ours.constructor && this.classes.catches(each, error),
    );
  }
}

function isOurs(named: NamedClass): boolean {
  return named === ResilienceError || named.prototype instanceof ResilienceError;
}
