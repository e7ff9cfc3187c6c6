import { OptionCheck } from '../../core/index.js';
import type { PolicyOptions } from '../../pipeline/index.js';
import type { RetryOptions } from '../../policies/retry/index.js';
import type { HttpRequest, RequestHeaders } from './http-request.js';

/** The header that says in how many milliseconds the caller stops waiting. */
export const DEADLINE_HEADER = 'X-Request-Timeout-Ms';
/** The header that says that a request is a retry: the number of its attempt, from 2. */
export const RETRY_HEADER = 'X-Retry-Attempt';

/** What `prepareRetry` is told, and may change. */
export interface PreparedRetry {
  /** The request that is about to be sent. */
  readonly request: HttpRequest;
  /** Number of the attempt that is about to begin, from 2. */
  readonly attempt: number;
  /** The headers of this attempt alone; the next one begins with those of the caller again. */
  readonly headers: RequestHeaders;
}

/** The policies of outgoing requests, and what they tell the other side. */
export interface HttpOptions extends Omit<PolicyOptions, 'retry'> {
  /** What events, errors and metrics call these requests. @defaultValue `'fetch'`, `'axios'` */
  readonly operation?: string;
  /** Options, the name of a retry of the module, or `false` for none. @defaultValue the library's defaults */
  readonly retry?: RetryOptions | string | false;
  /**
   * Whether a POST or PATCH without an `Idempotency-Key` gets one, or what it is made of. It is the same in all
   * attempts of a request, which may then be retried. With `true` it is random: a retry around the request, which
   * would send another, does not repeat it.
   *
   * @defaultValue false
   */
  readonly idempotencyKey?: boolean | ((request: HttpRequest) => string | undefined);
  /** Name of the header with the remaining time, or `false` for none. @defaultValue 'X-Request-Timeout-Ms' */
  readonly deadlineHeader?: string | false;
  /** Name of the header that a retry carries, or `false` for none. @defaultValue 'X-Retry-Attempt' */
  readonly retryHeader?: string | false;
  /**
   * Who is told of deadlines and retries: everybody, nobody, these hosts, or those that a function names.
   *
   * @defaultValue own hosts: names without a dot, `.internal`, `.local`, `.svc`, `.localhost`, private addresses
   */
  readonly tellHosts?: boolean | readonly string[] | ((host: string) => boolean);
  /**
   * Waited for before each retry, after its delay, to sign the request anew or to refresh a token. What it throws
   * ends the retrying and is what the caller gets.
   */
  prepareRetry?(retry: PreparedRetry): void | PromiseLike<void>;
}

/** Checked options, all of them present. */
export interface ResolvedHttpOptions {
  readonly operation: string;
  readonly policies: PolicyOptions;
  readonly idempotencyKey: NonNullable<HttpOptions['idempotencyKey']>;
  readonly deadlineHeader: string | false;
  readonly retryHeader: string | false;
  readonly tellHosts: HttpOptions['tellHosts'];
  readonly prepareRetry: HttpOptions['prepareRetry'];
}

/** Every policy and every option, checked for completeness by their types. */
const POLICIES: Readonly<Record<keyof PolicyOptions, true>> = {
  retry: true,
  circuitBreaker: true,
  timeLimiter: true,
  bulkhead: true,
  rateLimiter: true,
  hedge: true,
  fallback: true,
  order: true,
};
const OWN: Readonly<Record<Exclude<keyof HttpOptions, keyof PolicyOptions>, true>> = {
  operation: true,
  idempotencyKey: true,
  deadlineHeader: true,
  retryHeader: true,
  tellHosts: true,
  prepareRetry: true,
};

/** RFC 9110, section 5.6.2. */
const FIELD_NAME = /^[!#$%&'*+.^_`|~\w-]+$/;

/**
 * Fills and checks what is not a policy; policies are checked when they are compiled.
 *
 * @throws {InvalidOptionsError} with operation, field, value and what would be right
 */
export function resolveHttpOptions(
  given: HttpOptions,
  kind: 'fetch' | 'axios',
  more: readonly string[] = [],
): ResolvedHttpOptions {
  const { operation = kind, deadlineHeader, retryHeader, tellHosts, prepareRetry } = given;
  const check = new OptionCheck('http', String(operation));
  check.onlyKnown(given, [...Object.keys(OWN), ...Object.keys(POLICIES), ...more]);
  return {
    operation: check.text('operation', operation),
    policies: policiesOf(given),
    idempotencyKey: checkedKey(check, given.idempotencyKey ?? false),
    deadlineHeader: checkedName(check, 'deadlineHeader', deadlineHeader ?? DEADLINE_HEADER),
    retryHeader: checkedName(check, 'retryHeader', retryHeader ?? RETRY_HEADER),
    tellHosts: checkedHosts(check, tellHosts),
    prepareRetry: check.optionalFunction('prepareRetry', prepareRetry),
  };
}

function policiesOf({ retry = {}, ...given }: HttpOptions): PolicyOptions {
  const named = Object.entries(given).filter(([field, value]) => field in POLICIES && value !== undefined);
  const others: PolicyOptions = Object.fromEntries(named);
  return retry === false ? others : { ...others, retry };
}

function checkedKey(
  check: OptionCheck,
  value: ResolvedHttpOptions['idempotencyKey'],
): ResolvedHttpOptions['idempotencyKey'] {
  return typeof value === 'function' ? value : check.flag('idempotencyKey', value);
}

function checkedName(check: OptionCheck, field: string, value: string | false): string | false {
  if (value === false || (typeof value === 'string' && FIELD_NAME.test(value))) return value;
  return check.refuse(field, value, 'must be the name of a header, or false');
}

function checkedHosts(check: OptionCheck, value: HttpOptions['tellHosts']): HttpOptions['tellHosts'] {
  if (value === undefined || typeof value === 'boolean' || typeof value === 'function') return value;
  const isList = Array.isArray(value) && value.every((each) => typeof each === 'string');
  return isList
    ? value
    : check.refuse('tellHosts', value, 'must be true, false, a list of hosts, or a function');
}
