import type { CallIdempotency } from '../core/call.js';
import { OptionCheck } from '../core/check.js';
import type { Clock } from '../core/clock.js';
import { type CallFacts, Scope } from '../core/scope.js';
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
import type { LiveClaim } from './idempotent-claim.js';
import type { IdempotentRunner } from './idempotent-runner.js';
import { type ReviveError, ValueCapture } from './idempotent-values.js';
import type { PromiseNext } from './promise-layers.js';

/** One guarded method. */
export interface IdempotentParts {
  /** `Class.method`, for errors and events. */
  readonly operation: string;
  readonly options: ResolvedIdempotentOptions;
  readonly runner: IdempotentRunner;
  /** Told once of each class whose instances cannot be kept. */
  readonly warn: (warning: string) => void;
  readonly reviveError?: ReviveError | undefined;
  /** Takes those arguments away that carry the call and not the payload. @defaultValue keeps all */
  readonly payloadOf?: ((args: readonly unknown[]) => readonly unknown[]) | undefined;
  /** What `scope` and `fingerprint` get. @defaultValue the arguments alone */
  readonly subjectOf?: ((args: readonly unknown[]) => IdempotencySubject) | undefined;
}

/** What all executions under one claim have in common; its scope belongs to the claim and to no caller. */
class ClaimedFacts implements CallFacts {
  readonly canBeAborted = true;

  constructor(
    private readonly record: CallRecord,
    /** Read by the method from its call context. */
    readonly idempotency: CallIdempotency,
  ) {}

  get operation(): string {
    return this.record.operation;
  }

  get args(): readonly unknown[] {
    return this.record.args;
  }

  get clock(): Clock {
    return this.record.clock;
  }

  get startedMs(): number {
    return this.record.startedMs;
  }

  get isUnsafe(): boolean {
    return this.record.isUnsafe;
  }

  get attempts(): number {
    return this.record.attempts;
  }
}

/** The rule of one method, shared by its calls. */
export class IdempotentMethod {
  private readonly capture: ValueCapture;

  /** `Class.method`, as errors and events name it. */
  readonly operation: string;

  constructor(private readonly parts: IdempotentParts) {
    this.operation = parts.operation;
    const { operation, options, runner, warn, reviveError } = parts;
    const { codec } = runner.settings;
    const { events } = runner.environment;
    const { maxStoredBytes } = options;
    const warned = new Set<string>();
    this.capture = new ValueCapture({ operation, codec, maxStoredBytes, events, warned, warn, reviveError });
  }

  /** Guards what stands inside: the same key has one effect. */
  layer(next: PromiseNext): PromiseNext {
    return async (caller, record) => {
      const key = this.keyOf(record.args);
      // An attempt before this one may have run under a claim of its own.
      record.claim = undefined;
      if (key === undefined) return next(caller, record);
      const { options, operation, runner } = this.parts;
      const { onInFlight, maxWaitDurationMs, onStoreDown, alreadyDone } = options;
      return runner.run({
        operation,
        key,
        rule: this.ruleOf(key, record),
        onInFlight,
        maxWaitDurationMs,
        onStoreDown,
        caller,
        capture: this.capture,
        alreadyDone:
          alreadyDone === undefined
            ? undefined
            : () => Reflect.apply(alreadyDone, record.self, record.args) as unknown,
        execute: (claim) => executeUnder(claim, record, next),
        executeUnguarded: () => next(caller, record),
      });
    };
  }

  /** @throws where there is no key, or none that can be read */
  private keyOf(args: readonly unknown[]): string | undefined {
    const { options, operation } = this.parts;
    const reading: KeyReading =
      options.key === undefined ? { kind: 'missing' } : readGivenKey(options.key(...args));
    if (reading.kind === 'key') return reading.key;
    if (reading.kind === 'invalid') throw new IdempotencyKeyInvalidError(operation, reading.why);
    if (!options.required) return undefined;
    throw new IdempotencyKeyMissingError(operation, 'its `key` function gave none');
  }

  private ruleOf(key: string, record: CallRecord): IdempotencyRule {
    const { options, runner, subjectOf } = this.parts;
    const subject = subjectOf?.(record.args) ?? { args: record.args };
    const { operation } = options;
    const storedKey = runner.nameOf({ operation, key, scope: this.scopeOf(subject) });
    return new IdempotencyRule(storedKey, this.fingerprintOf(subject), options);
  }

  private scopeOf(subject: IdempotencySubject): string | undefined {
    const { options, operation } = this.parts;
    const { scope } = options;
    if (typeof scope !== 'function') return scope;
    const answer: unknown = scope(subject);
    if (typeof answer === 'string') return answer;
    return new OptionCheck(IDEMPOTENT, operation).refuse('scope', answer, 'must give a text');
  }

  private fingerprintOf(subject: IdempotencySubject): string {
    const { options, operation, payloadOf } = this.parts;
    if (options.fingerprint !== undefined) return fingerprintOf(operation, options.fingerprint(subject));
    return fingerprintOfArguments(operation, payloadOf?.(subject.args) ?? subject.args);
  }
}

/** Runs what stands inside in a scope that ends with the claim, whoever left. */
export async function executeUnder(
  claim: LiveClaim,
  record: CallRecord,
  next: PromiseNext,
): Promise<unknown> {
  const facts = new ClaimedFacts(record, claim.idempotency);
  const scope = new Scope(facts, Number.POSITIVE_INFINITY);
  claim.cancellation.onCancel((reason, origin) => scope.cancellation.cancel(reason, origin));
  record.claim = claim;
  return next(scope, record);
}
