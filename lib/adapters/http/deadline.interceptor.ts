import {
  type CallHandler,
  type ExecutionContext,
  Inject,
  Injectable,
  type NestInterceptor,
  Optional,
} from '@nestjs/common';
import { Observable } from 'rxjs';
import { ask, type Duration, OptionCheck, Scope } from '../../core/index.js';
import { ResilienceRuntime } from '../../nest/index.js';
import { TimeoutExceededError } from '../../policies/time-limiter/index.js';
import { DEADLINE_HEADER } from './http.options.js';
import { incomingDeadlineMs } from './incoming-headers.js';

/** Injection token of {@link DeadlineOptions}. */
export const DEADLINE_OPTIONS = Symbol('DEADLINE_OPTIONS');

/** Which deadlines of incoming requests count. */
export interface DeadlineOptions {
  /** Name of the header with the milliseconds that are left. @defaultValue 'X-Request-Timeout-Ms' */
  readonly header?: string;
  /** Whose deadlines count: those of requests that this answers yes to; one that throws means no. @defaultValue all */
  isTrusted?(request: unknown): boolean;
  /** A longer time counts as none. @defaultValue '1h' */
  readonly longest?: Duration;
}

/**
 * Takes the time that the sender of an HTTP request still waits as the deadline of the decorated calls that answer it:
 * no delay is begun that would reach it, no call begins after it, and what runs is told by its signal. A header that is
 * missing or malformed changes nothing.
 */
@Injectable()
export class DeadlineInterceptor implements NestInterceptor {
  private readonly longestMs: number;
  private readonly options: DeadlineOptions;

  /** @throws {InvalidOptionsError} where an option cannot be meant */
  constructor(
    @Inject(ResilienceRuntime) private readonly runtime: ResilienceRuntime,
    @Optional() @Inject(DEADLINE_OPTIONS) options?: DeadlineOptions,
  ) {
    this.options = options ?? {};
    const check = new OptionCheck('deadline', 'DeadlineInterceptor');
    check.onlyKnown(this.options, ['header', 'isTrusted', 'longest']);
    check.optionalFunction('isTrusted', this.options.isTrusted);
    if (this.options.header !== undefined) check.text('header', this.options.header);
    this.longestMs = check.durationMs('longest', this.options.longest ?? '1h', 1);
  }

  /** Runs the handler under the deadline that the request came with, if it came with one. */
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const leftMs =
      context.getType() === 'http' ? this.leftMs(context.switchToHttp().getRequest()) : undefined;
    if (leftMs === undefined) return next.handle();
    const operation = `${context.getClass().name}.${context.getHandler().name}`;
    // Subscribed within: a handler runs at the subscription.
    return new Observable((subscriber) => {
      const { environment } = this.runtime;
      const scope = this.scopeOf(operation, leftMs);
      const timer = environment.clock.schedule(leftMs, () => {
        scope.cancellation.cancel(tooLate(operation, leftMs), 'caller');
      });
      const subscription = environment.ambient.run(scope, () => next.handle().subscribe(subscriber));
      return () => {
        timer.cancel();
        subscription.unsubscribe();
        // What the request has begun and left behind, as a poll that goes on for ever, is bound by it no more.
        scope.close();
      };
    });
  }

  private leftMs(request: unknown): number | undefined {
    const leftMs = incomingDeadlineMs(request, this.options.header ?? DEADLINE_HEADER);
    if (leftMs === undefined || leftMs > this.longestMs) return undefined;
    return this.isTrusted(request) ? leftMs : undefined;
  }

  private isTrusted(request: unknown): boolean {
    const { isTrusted } = this.options;
    if (isTrusted === undefined) return true;
    return ask(this.runtime.environment.events, 'isTrusted', () => isTrusted(request));
  }

  private scopeOf(operation: string, leftMs: number): Scope {
    const { clock } = this.runtime.environment;
    const startedMs = clock.nowMs();
    const facts = { operation, args: [], clock, startedMs, isUnsafe: false, canBeAborted: true, attempts: 1 };
    return new Scope(facts, startedMs + leftMs);
  }
}

function tooLate(operation: string, timeoutMs: number): TimeoutExceededError {
  return new TimeoutExceededError({ operation, policy: 'timeLimiter', limit: 'total', timeoutMs });
}
