import type { Call } from '../../core/call.js';
import { ask } from '../../core/callbacks.js';
import { isRetrySignal } from '../../core/classification-table.js';
import { isDependencyFailure } from '../../core/classification.js';
import type { Environment } from '../../core/environment.js';
import { InvalidOptionsError, isResilienceError } from '../../core/errors.js';
import type { FallbackServedEvent } from '../../core/events.js';
import type { ErrorPredicate } from '../../core/matcher.js';
import type { FallbackFailure, FallbackToken, ResolvedFallbackOptions } from './fallback.options.js';
import { LastGood } from './last-good.js';

/** Where an answer came from. */
export type FallbackSource = FallbackServedEvent['source'];

/** What a fallback answers; the value may be a promise or a stream of the answer. */
export interface FallbackAnswer {
  readonly value: unknown;
  readonly source: FallbackSource;
}

/** What a fallback is made of. */
export interface FallbackParts {
  readonly name: string;
  readonly options: ResolvedFallbackOptions;
  readonly environment: Environment;
  /** Finds a method of the instance that was called; by default its member of that name. */
  readonly resolveMethod?: (self: unknown, method: string) => unknown;
  /** Finds a provider of the application; without one the form `use` has no answer. */
  readonly resolveProvider?: (token: FallbackToken) => unknown;
}

type Callable = (...args: readonly unknown[]) => unknown;

const OWN_TIMEOUT = 'RESILIENCE_TIMEOUT_EXCEEDED';
const OWN_REFUSALS: ReadonlySet<string> = new Set([
  'RESILIENCE_CIRCUIT_BREAKER_OPEN',
  'RESILIENCE_BULKHEAD_FULL',
  'RESILIENCE_RATE_LIMIT_EXCEEDED',
  OWN_TIMEOUT,
]);

/** Says for which failures there is an answer, and which. */
export class FallbackRule {
  readonly name: string;
  /** Whether values of the method are worth telling to {@link FallbackRule.remember}. */
  readonly remembers: boolean;
  private readonly options: ResolvedFallbackOptions;
  private readonly environment: Environment;
  private readonly lastGood: LastGood | undefined;

  constructor(private readonly parts: FallbackParts) {
    const { name, options, environment } = parts;
    this.name = name;
    this.options = options;
    this.environment = environment;
    this.lastGood =
      options.form.source === 'last-good' ? new LastGood(options.form.lastGood, environment) : undefined;
    this.remembers = this.lastGood !== undefined;
  }

  /** Whether a failure is answered at all; a predicate that throws says no to the answer. */
  answersFor(error: unknown, call: Call): boolean {
    if (call.isCancelled && !isTimeoutOf(error, call)) return false;
    const { applyOn = isAnsweredByDefault, skipOn } = this.options;
    return ask(this.environment.events, 'applyOn or skipOn of a fallback', () => {
      return applyOn(error, call) && skipOn?.(error, call) !== true;
    });
  }

  /**
   * The answer to a failure for which {@link FallbackRule.answersFor} said yes; `undefined` where no last
   * value is young enough. What a handler throws comes out as it is.
   */
  answer(error: unknown, call: Call, self: unknown): FallbackAnswer | undefined {
    const { form } = this.options;
    const { source } = form;
    switch (form.source) {
      case 'value':
        return { source, value: form.value };
      case 'function':
        return { source, value: form.answer(failureOf(error, call)) };
      case 'method':
        return { source, value: this.callMethod(form.method, error, call, self) };
      case 'provider':
        return { source, value: this.callProvider(form.token, error, call) };
      case 'last-good': {
        const kept = this.lastGood?.find(call.args);
        return kept === undefined ? undefined : { source, value: kept.value };
      }
    }
  }

  /** Tells that an answer has reached its caller; asked once per answer, when the value is there. */
  served(error: unknown, call: Call, source: FallbackSource): void {
    const { events } = this.environment;
    if (!events.isAwaited('fallback.served')) return;
    events.emit({ kind: 'fallback.served', operation: call.operation, policy: this.name, source, error });
  }

  /** Keeps a value that the method itself gave; never told of a fallback's answer. */
  remember(args: readonly unknown[], value: unknown): void {
    this.lastGood?.remember(args, value);
  }

  private callMethod(method: string, error: unknown, call: Call, self: unknown): unknown {
    const resolve = this.parts.resolveMethod ?? memberOf;
    const found = resolve(self, method);
    if (isCallable(found)) return found.call(self, ...call.args, error);
    throw this.invalid(call, 'handler', method, `must name a method of the class, and "${method}" is none`);
  }

  private callProvider(token: FallbackToken, error: unknown, call: Call): unknown {
    const { resolveProvider } = this.parts;
    if (resolveProvider === undefined) {
      throw this.invalid(call, 'use', token, 'needs an application that imports ResilienceModule');
    }
    const provider = resolveProvider(token);
    if (isCallable(provider)) return provider(failureOf(error, call));
    const method = memberOf(provider, 'fallback');
    if (isCallable(method)) return method.call(provider, failureOf(error, call));
    const name = call.operation.slice(call.operation.lastIndexOf('.') + 1);
    const namesake = memberOf(provider, name);
    if (isCallable(namesake)) return namesake.call(provider, ...call.args, error);
    const methods = `fallback(failure) or ${name}(...args, error)`;
    throw this.invalid(call, 'use', token, `must name a function, or an object with a method ${methods}`);
  }

  private invalid(call: Call, field: string, value: unknown, expected: string): InvalidOptionsError {
    return new InvalidOptionsError({ operation: call.operation, policy: this.name, field, value, expected });
  }
}

/** What neither a bug, nor a refused input, nor a duplicate explains; that there is no answer yet is a failure here. */
const isAnsweredByDefault: ErrorPredicate = (error) =>
  isDependencyFailure(error) ||
  isRetrySignal(error) ||
  (isResilienceError(error) && OWN_REFUSALS.has(error.code));

/** Whether a call was ended by its own limit, and not by its caller or by the limit of a call around it. */
function isTimeoutOf(error: unknown, call: Call): boolean {
  return isResilienceError(error) && error.code === OWN_TIMEOUT && error.operation === call.operation;
}

function failureOf(error: unknown, call: Call): FallbackFailure {
  return { error, args: call.args, call };
}

function memberOf(owner: unknown, name: string): unknown {
  if (owner === undefined || owner === null) return undefined;
  // A member is looked up by a name that only configuration knows.
  return (owner as Readonly<Record<string, unknown>>)[name];
}

function isCallable(value: unknown): value is Callable {
  return typeof value === 'function';
}
