import type { Scope } from '../core/scope.js';
import type {
  IdempotencyRule,
  OnInFlight,
  OnStoreDown,
  ResolvedIdempotentOptions,
} from '../policies/idempotency/index.js';
import type { CallRecord } from './call-record.js';
import type { GuardedCall, OutcomeCapture } from './idempotent-call.js';
import type { LiveClaim } from './idempotent-claim.js';
import { executeAlone, executeUnder, type MethodAlone } from './idempotent-execution.js';
import type { StreamCall } from './idempotent-stream.js';
import type { PromiseNext } from './promise-layers.js';

/** What stands inside the guard of a method, and how its outcome is taken. */
export interface Inside {
  readonly next: PromiseNext;
  readonly capture: OutcomeCapture;
  /** Where nothing stands between the guard and its method. */
  readonly alone?: MethodAlone | undefined;
  /** Where it gives a stream. */
  readonly stream?: Pick<StreamCall<unknown>, 'found'>;
}

/** What one call has brought. */
interface Given {
  readonly key: string;
  readonly rule: IdempotencyRule;
  readonly caller: Scope;
  readonly record: CallRecord;
}

/** One call of a guarded method: an object, since closures for all that it may be asked would cost each call. */
export class MethodCall implements GuardedCall {
  readonly key: string;
  readonly rule: IdempotencyRule;
  readonly caller: Scope;
  private readonly record: CallRecord;

  constructor(
    private readonly method: { readonly operation: string; readonly options: ResolvedIdempotentOptions },
    { key, rule, caller, record }: Given,
    private readonly inside: Inside,
  ) {
    this.key = key;
    this.rule = rule;
    this.caller = caller;
    this.record = record;
  }

  get operation(): string {
    return this.method.operation;
  }

  get onInFlight(): OnInFlight {
    return this.method.options.onInFlight;
  }

  get maxWaitDurationMs(): number {
    return this.method.options.maxWaitDurationMs;
  }

  get onStoreDown(): OnStoreDown {
    return this.method.options.onStoreDown;
  }

  get capture(): OutcomeCapture {
    return this.inside.capture;
  }

  get alreadyDone(): (() => unknown) | undefined {
    const { alreadyDone } = this.method.options;
    if (alreadyDone === undefined) return undefined;
    const { record, rule } = this;
    const { stream } = this.inside;
    const look = (): unknown => Reflect.apply(alreadyDone, record.self, record.args) as unknown;
    return stream === undefined ? look : async () => stream.found(await look(), rule.storedKey);
  }

  execute(claim: LiveClaim): Promise<unknown> {
    const { alone, next } = this.inside;
    if (alone === undefined) return executeUnder(claim, this.record, next);
    return executeAlone(claim, this.record, alone);
  }

  executeUnguarded(): Promise<unknown> {
    return this.inside.next(this.caller, this.record);
  }
}
