import { OptionCheck } from '../core/check.js';
import {
  fingerprintOf,
  fingerprintOfArguments,
  IDEMPOTENT,
  IdempotencyKeyInvalidError,
  IdempotencyKeyMissingError,
  IdempotencyRule,
  type IdempotencySubject,
  type KeyReading,
  readGivenKey,
  type ResolvedIdempotentOptions,
} from '../policies/idempotency/index.js';
import type { CallRecord } from './call-record.js';
import type { OutcomeCapture } from './idempotent-call.js';
import { executeUnder } from './idempotent-execution.js';
import type { OuterCall } from './idempotent-outer.js';
import type { IdempotentRunner } from './idempotent-runner.js';
import { type Besides, ValuesAndMore } from './idempotent-besides.js';
import { type ReviveError, ValueCapture } from './idempotent-values.js';
import type { PromiseNext } from './promise-layers.js';

/** One guarded method. */
export interface IdempotentParts {
  /** `Class.method`, for errors and events. */
  readonly operation: string;
  readonly options: ResolvedIdempotentOptions;
  readonly runner: IdempotentRunner;
  /** Tells an operator, as once of each class whose instances cannot be kept. */
  readonly warn: (warning: string) => void;
  readonly reviveError?: ReviveError | undefined;
  /** Takes those arguments away that carry the call and not the payload. @defaultValue keeps all */
  readonly payloadOf?: ((args: readonly unknown[]) => readonly unknown[]) | undefined;
  /** What `scope` and `fingerprint` get. @defaultValue the arguments alone */
  readonly subjectOf?: ((args: readonly unknown[]) => IdempotencySubject) | undefined;
  /** What compares the running call where it is more than its arguments; `undefined` where it is not. */
  readonly fingerprintOf?: (() => string | undefined) | undefined;
  /** What was decided for the running call before it came to the method. */
  readonly outerCall?: (() => OuterCall | undefined) | undefined;
  /** Keeps beside a value what else the running call has said, and says it again for a replay. */
  readonly besides?: Besides | undefined;
}

/** The rule of one method, shared by its calls. */
export class IdempotentMethod {
  /** Keeps values and errors of the method. */
  readonly values: ValueCapture;
  /** `Class.method`, as errors and events name it. */
  readonly operation: string;
  readonly options: ResolvedIdempotentOptions;
  readonly runner: IdempotentRunner;
  /** The same, and what a call says besides. */
  readonly capture: OutcomeCapture;

  constructor(private readonly parts: IdempotentParts) {
    const { operation, options, runner, warn, reviveError, besides } = parts;
    this.operation = operation;
    this.options = options;
    this.runner = runner;
    const { codec } = runner.settings;
    const { events } = runner.environment;
    const { maxStoredBytes } = options;
    const warned = new Set<string>();
    this.values = new ValueCapture({ operation, codec, maxStoredBytes, events, warned, warn, reviveError });
    this.capture = besides === undefined ? this.values : new ValuesAndMore(this.values, besides);
  }

  /** Tells an operator. */
  warn(warning: string): void {
    this.parts.warn(warning);
  }

  /** Guards what stands inside: the same key has one effect. */
  layer(next: PromiseNext): PromiseNext {
    return this.options.key === undefined ? this.outerLayer(next) : this.ownLayer(next);
  }

  /** What is asked of the store for a call with this key, compared by `whole` where it is given. @throws {InvalidOptionsError} */
  ruleOf(
    key: string,
    subject: IdempotencySubject,
    whole: (() => string | undefined) | undefined = this.parts.fingerprintOf,
  ): IdempotencyRule {
    const { operation } = this.options;
    const storedKey = this.runner.nameOf({ operation, key, scope: this.scopeOf(subject) });
    return new IdempotencyRule(storedKey, this.fingerprintOf(subject, whole), this.options);
  }

  /** The key of a reading; `undefined` where none is needed. @throws where there is none, or none that can be read */
  keyOf(reading: KeyReading, remedy: string): string | undefined {
    const { operation, options } = this;
    if (reading.kind === 'key') return reading.key;
    if (reading.kind === 'invalid') throw new IdempotencyKeyInvalidError(operation, reading.why);
    if (!options.required) return undefined;
    throw new IdempotencyKeyMissingError(operation, remedy);
  }

  /** The key came with a request: what is to be done was decided before the call came here. */
  private outerLayer(next: PromiseNext): PromiseNext {
    return async (caller, record) => {
      record.claim = undefined;
      const outer = this.parts.outerCall?.();
      if (outer !== undefined) return outer.atMethod(caller, record, next);
      this.keyOf({ kind: 'missing' }, 'call it by a request with the header Idempotency-Key');
      return next(caller, record);
    };
  }

  private ownLayer(next: PromiseNext): PromiseNext {
    return async (caller, record) => {
      const { options, operation, runner, capture } = this;
      const given = readGivenKey(options.key?.(...record.args));
      const key = this.keyOf(given, 'its `key` function gave none');
      // An attempt before this one may have run under a claim of its own.
      record.claim = undefined;
      if (key === undefined) return next(caller, record);
      const { onInFlight, maxWaitDurationMs, onStoreDown } = options;
      return runner.run({
        operation,
        key,
        rule: this.ruleOf(key, this.parts.subjectOf?.(record.args) ?? { args: record.args }),
        onInFlight,
        maxWaitDurationMs,
        onStoreDown,
        caller,
        capture,
        alreadyDone: this.lookOf(record),
        execute: (claim) => executeUnder(claim, record, next),
        executeUnguarded: () => next(caller, record),
      });
    };
  }

  private lookOf(record: CallRecord): (() => unknown) | undefined {
    const { alreadyDone } = this.options;
    if (alreadyDone === undefined) return undefined;
    return () => Reflect.apply(alreadyDone, record.self, record.args) as unknown;
  }

  private scopeOf(subject: IdempotencySubject): string | undefined {
    const { scope } = this.options;
    if (typeof scope !== 'function') return scope;
    const answer: unknown = scope(subject);
    if (typeof answer === 'string') return answer;
    return new OptionCheck(IDEMPOTENT, this.operation).refuse('scope', answer, 'must give a text');
  }

  private fingerprintOf(subject: IdempotencySubject, whole?: () => string | undefined): string {
    const { options, operation } = this;
    if (options.fingerprint !== undefined) return fingerprintOf(operation, options.fingerprint(subject));
    const { payloadOf } = this.parts;
    return whole?.() ?? fingerprintOfArguments(operation, payloadOf?.(subject.args) ?? subject.args);
  }
}
