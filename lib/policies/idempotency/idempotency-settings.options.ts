import { OptionCheck } from '../../core/check.js';
import type { Duration } from '../../core/duration.js';
import { fieldOf } from '../../core/error-facts.js';
import { withDefaults } from '../../core/with-defaults.js';
import { JsonCodec, type OutcomeCodec } from './codec.js';
import { IDEMPOTENT } from './idempotency.errors.js';
import {
  IDEMPOTENT_DEFAULT_NAMES,
  type IdempotentDefaults,
  resolveIdempotentOptions,
} from './idempotency.options.js';
import type { IdempotencyStore } from './idempotency.store.js';
import { MEMORY_STORE_DEFAULTS } from './memory-idempotency.store.js';

/** The store of an application, what belongs to it, and the defaults of all guarded methods. */
export interface IdempotencyOptions extends IdempotentDefaults {
  /** Where records are kept. @defaultValue 'memory': this process only */
  readonly store?: IdempotencyStore | 'memory';
  /** Longest wait for any single operation of the store; above 0. @defaultValue '1s' */
  readonly storeTimeout?: Duration;
  /** Tells applications on one server apart; replicas have the same. @defaultValue '' */
  readonly namespace?: string;
  /** How values become bytes. @defaultValue `new JsonCodec()` */
  readonly codec?: OutcomeCodec;
  /** Headers that are replayed beside those of the default list. @defaultValue none */
  readonly replayHeaders?: readonly string[];
  /** How often records are removed whose retention is over; above 0, jittered. @defaultValue '1m' */
  readonly sweepInterval?: Duration;
  /** Most records of the memory store. @defaultValue 10000 */
  readonly maxEntries?: number;
  /** Most bytes of bodies of the memory store. @defaultValue 64 MiB */
  readonly maxBytes?: number;
}

/** Checked options of an application. */
export interface ResolvedIdempotencySettings {
  /** `undefined` means the memory store of the application. */
  readonly store: IdempotencyStore | undefined;
  readonly storeTimeoutMs: number;
  readonly namespace: string;
  readonly codec: OutcomeCodec;
  /** In lower case. */
  readonly replayHeaders: readonly string[];
  readonly sweepIntervalMs: number;
  readonly maxEntries: number;
  readonly maxBytes: number;
  /** To be laid under the options of every method. */
  readonly defaults: IdempotentDefaults;
}

/** What an application has where nothing is said. */
export const IDEMPOTENCY_DEFAULTS = {
  store: 'memory',
  storeTimeout: '1s',
  namespace: '',
  replayHeaders: [],
  sweepInterval: '1m',
  ...MEMORY_STORE_DEFAULTS,
} as const satisfies IdempotencyOptions;

const DEFAULTS: Required<Pick<IdempotencyOptions, keyof typeof IDEMPOTENCY_DEFAULTS>> = IDEMPOTENCY_DEFAULTS;
const OWN_NAMES = [...Object.keys(IDEMPOTENCY_DEFAULTS), 'codec'];
const STORE_METHODS = [
  'begin',
  'extend',
  'complete',
  'release',
  'read',
  'forget',
  'sweep',
  'ping',
] as const satisfies readonly (keyof IdempotencyStore)[];
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i;

/**
 * Fills and checks what an application says of idempotency.
 *
 * @throws {InvalidOptionsError} with field, value and what would be right; an unknown store included
 */
export function resolveIdempotencySettings(given: IdempotencyOptions = {}): ResolvedIdempotencySettings {
  const check = new OptionCheck(IDEMPOTENT, 'ResilienceModule');
  const shared = Object.keys(IDEMPOTENT_DEFAULT_NAMES);
  check.onlyKnown(given, [...OWN_NAMES, ...shared], 'idempotency');
  const defaults = Object.fromEntries(
    Object.entries(given).filter(([name, value]) => shared.includes(name) && value !== undefined),
  ) as IdempotentDefaults;
  // Checked here as well: a wrong default is found even where no method is guarded.
  resolveIdempotentOptions('ResilienceModule', defaults);
  const options = withDefaults(DEFAULTS, given);
  return {
    store: options.store === 'memory' ? undefined : checkedStore(check, options.store),
    storeTimeoutMs: check.positiveDurationMs('storeTimeout', options.storeTimeout),
    namespace: checkedNamespace(check, options.namespace),
    codec: given.codec === undefined ? new JsonCodec() : checkedCodec(check, given.codec),
    replayHeaders: checkedHeaders(check, options.replayHeaders),
    sweepIntervalMs: check.positiveDurationMs('sweepInterval', options.sweepInterval),
    maxEntries: check.wholeNumber('maxEntries', options.maxEntries, 1),
    maxBytes: check.wholeNumber('maxBytes', options.maxBytes, 1),
    defaults,
  };
}

function checkedStore(check: OptionCheck, store: unknown): IdempotencyStore {
  const missing = STORE_METHODS.filter((name) => typeof fieldOf(store, name) !== 'function');
  // It has every method of the port; what they do is the business of the contract suite.
  if (missing.length === 0) return store as IdempotencyStore;
  const lacking = missing.length < STORE_METHODS.length ? ` (it lacks ${missing.join(', ')})` : '';
  return check.refuse('store', store, `must be 'memory' or an idempotency store${lacking}`);
}

function checkedCodec(check: OptionCheck, codec: OutcomeCodec): OutcomeCodec {
  const isCodec =
    typeof fieldOf(codec, 'encode') === 'function' && typeof fieldOf(codec, 'decode') === 'function';
  if (!isCodec) check.refuse('codec', codec, 'must have the methods encode and decode');
  check.text('codec.name', codec.name);
  return codec;
}

function checkedNamespace(check: OptionCheck, namespace: unknown): string {
  return typeof namespace === 'string' ? namespace : check.refuse('namespace', namespace, 'must be a text');
}

function checkedHeaders(check: OptionCheck, headers: unknown): readonly string[] {
  if (!Array.isArray(headers))
    return check.refuse('replayHeaders', headers, 'must be a list of header names');
  return headers.map((name: unknown) => {
    if (typeof name === 'string' && HEADER_NAME.test(name)) return name.toLowerCase();
    return check.refuse('replayHeaders', name, 'must hold names of headers');
  });
}
