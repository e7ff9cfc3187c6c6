import { ignore } from '../core/callbacks.js';
import { InvalidOptionsError } from '../core/errors.js';
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
import type { Scope } from '../core/scope.js';
import type { CallRecord } from './call-record.js';
import type { OutcomeCapture } from './idempotent-call.js';
import type { MethodAlone } from './idempotent-execution.js';
import { type Inside, MethodCall } from './idempotent-method-call.js';
import type { IdempotentRunner } from './idempotent-runner.js';
import type { IdempotentParts } from './idempotent-parts.js';
import { ValuesAndMore } from './idempotent-besides.js';
import { StreamCall, type StreamFlow } from './idempotent-stream.js';
import { ValueCapture } from './idempotent-values.js';
import type { PromiseNext } from './promise-layers.js';

/** Through `super` from an override that has no decorator of its own, too. */
const CALLED_OTHERWISE =
  'it comes with the header Idempotency-Key of a request that this very method handles, and this call did not: ' +
  'decorate the method that handles the route, or give `key`';

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
    const { operation, options, runner, warn, reviveError, givesStream } = parts;
    this.operation = operation;
    this.options = options;
    this.runner = runner;
    const { codec } = runner.settings;
    const { events } = runner.environment;
    const { maxStoredBytes } = options;
    const warned = new Set<string>();
    this.values = new ValueCapture({
      operation,
      codec,
      maxStoredBytes,
      events,
      warned,
      warn,
      reviveError,
      givesStream,
    });
    this.capture = this.andBesides(this.values);
  }

  /** Tells an operator. */
  warn(warning: string): void {
    this.parts.warn(warning);
  }

  /** Guards what stands inside, or the method where it stands there alone: the same key has one effect. */
  layer(next: PromiseNext, alone?: MethodAlone): PromiseNext {
    if (this.options.key === undefined) return (caller, record) => this.underOuter(caller, record, next);
    const inside: Inside = { next, capture: this.capture, alone };
    return (caller, record) => this.guarded(caller, record, inside);
  }

  /**
   * The same around a method that gives a stream. It gives a `Sequence`, or the stream itself where no claim stands
   * around it, or a plain value of which the stream is to be made.
   */
  streamLayer<S>(flow: StreamFlow<S>): PromiseNext {
    const { values, options } = this;
    const parts = { values, codec: this.runner.settings.codec, maxStoredBytes: options.maxStoredBytes };
    return async (caller, record) => {
      const stream = new StreamCall(flow, parts, caller);
      const { next } = stream;
      try {
        if (options.key === undefined) return await this.underOuter(caller, record, next);
        return await this.guarded(caller, record, { next, capture: this.andBesides(stream), stream });
      } catch (error) {
        return stream.failed(error);
      }
    };
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

  /** The key came with a request: what is to be done was decided before the call came here. Never throws. */
  private underOuter(caller: Scope, record: CallRecord, next: PromiseNext): Promise<unknown> {
    try {
      record.claim = undefined;
      const outer = this.parts.outerCall?.();
      if (outer !== undefined) return outer.atMethod(caller, record, next);
      this.keyOf({ kind: 'missing' }, CALLED_OTHERWISE);
      return next(caller, record);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Never throws: what goes wrong is a rejection. */
  private guarded(caller: Scope, record: CallRecord, inside: Inside): Promise<unknown> {
    try {
      const given = this.options.key?.(...record.args);
      if (typeof given === 'object') this.mustNotBeLate(given, 'key');
      const key = this.keyOf(readGivenKey(given), 'its `key` function gave none');
      // An attempt before this one may have run under a claim of its own.
      record.claim = undefined;
      if (key === undefined) return inside.next(caller, record);
      const rule = this.ruleOf(key, this.parts.subjectOf?.(record.args) ?? { args: record.args });
      return this.runner.run(new MethodCall(this, { key, rule, caller, record }, inside));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  private andBesides(capture: OutcomeCapture): OutcomeCapture {
    const { besides } = this.parts;
    return besides === undefined ? capture : new ValuesAndMore(capture, besides);
  }

  private scopeOf(subject: IdempotencySubject): string | undefined {
    const { scope } = this.options;
    if (typeof scope !== 'function') return scope;
    const answer: unknown = scope(subject);
    if (typeof answer === 'string') return answer;
    this.mustNotBeLate(answer, 'scope');
    // Who the caller is, in whatever type, stands in no message.
    const expected = `must give a text, gave ${answer === null ? 'null' : typeof answer}`;
    const facts = { operation: this.operation, policy: IDEMPOTENT, field: 'scope', value: undefined };
    throw new InvalidOptionsError({ ...facts, expected });
  }

  private fingerprintOf(subject: IdempotencySubject, whole?: () => string | undefined): string {
    const { options, operation } = this;
    if (options.fingerprint !== undefined) {
      const given = options.fingerprint(subject);
      this.mustNotBeLate(given, 'fingerprint');
      return fingerprintOf(operation, given);
    }
    const { payloadOf } = this.parts;
    return whole?.() ?? fingerprintOfArguments(operation, payloadOf?.(subject.args) ?? subject.args);
  }

  /** What is asynchronous is refused; its rejection must not end the process all the same. */
  private mustNotBeLate(answer: unknown, option: 'key' | 'scope' | 'fingerprint'): void {
    ignore(answer, this.runner.environment.events, `\`${option}\` of ${this.operation}`);
  }
}
