import { OptionCheck } from '../../core/check.js';
import { IDEMPOTENT } from './idempotency.errors.js';
import type { ResolvedIdempotentOptions } from './idempotency.options.js';

/** Where a guarded method stands. */
export interface Placement {
  /** `Class.method`, for people. */
  readonly operation: string;
  /** Whether it answers HTTP requests, whose header may hold the key. */
  readonly isRouteHandler: boolean;
  /** Whether it answers with a stream that has no end, as an `@Sse` handler does. */
  readonly isEndless?: boolean;
}

/** @throws {InvalidOptionsError} where a method cannot be guarded in its place as it says, with the remedy */
export function checkPlacement(
  { operation, isRouteHandler, isEndless = false }: Placement,
  options: Pick<ResolvedIdempotentOptions, 'key' | 'scope'>,
): void {
  const check = new OptionCheck(IDEMPOTENT, operation);
  if (isEndless) {
    check.refuse('method', undefined, 'must end: a stream without an end has no outcome that could be kept');
  }
  if (options.key !== undefined) return;
  if (!isRouteHandler) {
    check.refuse(
      'key',
      undefined,
      'must be a function of the arguments: only a route handler has the header',
    );
  }
  if (options.scope === undefined) {
    check.refuse(
      'scope',
      undefined,
      "must say who a key from the header belongs to: a function of { request }, here or as the module's " +
        "idempotency.scope, or 'shared' where everybody may have everybody's answer",
    );
  }
}

/** A guarded method and the operation that its records are stored under. */
export interface StoredOperation {
  /** `Class.method`, for people. */
  readonly method: string;
  readonly operation: string;
}

/** @throws {InvalidOptionsError} where two methods come to one text, naming both and the remedy */
export function checkStoredOperations(all: readonly StoredOperation[]): void {
  const byText = new Map<string, string>();
  for (const { method, operation } of all) {
    const other = byText.get(operation);
    if (other !== undefined) {
      const rival = other === method ? 'another class of the same name' : other;
      new OptionCheck(IDEMPOTENT, method).refuse(
        'operation',
        operation,
        `is also that of ${rival}: state \`operation\` on one of them, so that their keys never meet`,
      );
    }
    byText.set(operation, method);
  }
}
