import {
  type CircuitBreakerStateChangedEvent,
  type GiveUpReason,
  type ResilienceEvent,
  show,
} from '../core/index.js';
import type { LoggedFact } from './resilience.logger-repeats.js';
import type { ResilienceLogLevel } from './resilience.logger.options.js';

type Kind = ResilienceEvent['kind'];
type EventOf<K extends Kind> = Extract<ResilienceEvent, { readonly kind: K }>;

/** How events of one kind are told. */
interface Telling<K extends Kind> {
  /** The level of their severity; `false` where nobody on call wants to know. */
  level(event: EventOf<K>): ResilienceLogLevel | false;
  text(event: EventOf<K>): string;
  /** Whether each is a fact of its own, so that none is kept back. */
  isSingle?(event: EventOf<K>): boolean;
}

const never = (): false => false;
const on = (level: ResilienceLogLevel) => (): ResilienceLogLevel => level;

/** A call was retried in vain. The other reasons are told elsewhere, or are nobody's trouble. */
const IN_VAIN: readonly GiveUpReason[] = ['exhausted', 'deadline', 'retry-after'];

const TELLINGS: { readonly [K in Kind]: Telling<K> } = {
  'circuit-breaker.state-changed': {
    level: ({ to }) => (to === 'open' || to === 'forced-open' ? 'warn' : 'log'),
    text: stateText,
    // A keyed breaker is many, and one that probes in vain says the same again and again.
    isSingle: ({ from, to, keyed }) =>
      !keyed && !(from === 'half-open' && to === 'open') && to !== 'half-open',
  },
  'alert.raised': { level: on('error'), text: raisedText, isSingle: () => true },
  'alert.cleared': {
    level: on('log'),
    text: (event) => `alert of ${subjectOf(event)} is over`,
    isSingle: () => true,
  },
  'configuration.changed': { level: on('log'), text: changesText, isSingle: () => true },
  'budget.refused': {
    level: on('warn'),
    text: ({ budget, operation }) =>
      `retry budget "${budget}" is empty: ${operation} and others are not retried`,
  },
  'retry.gave-up': {
    level: ({ reason }) => (IN_VAIN.includes(reason) ? 'warn' : false),
    text: ({ operation, attempts, reason, error }) =>
      `${operation}: given up after ${attempts} attempts (${reason})${causeOf(error)}`,
  },
  'time-limiter.timed-out': {
    level: on('warn'),
    text: ({ operation, limit, timeoutMs }) =>
      `${operation}: its ${limit} limit of ${timeoutMs} ms has passed`,
  },
  'bulkhead.rejected': {
    level: on('warn'),
    text: ({ policy, operation }) => `bulkhead "${policy}" is full: ${operation} is refused`,
  },
  'fallback.served': {
    level: on('log'),
    text: ({ operation, source, error }) => `${operation}: its fallback answers (${source})${causeOf(error)}`,
  },
  'idempotency.store-down': {
    level: on('error'),
    text: ({ operation, phase, ranUnguarded, error }) => {
      const isRun = ranUnguarded ? ', runs unguarded' : '';
      return `${operation}: the idempotency store fails to ${phase}${isRun}${causeOf(error)}`;
    },
  },
  'idempotency.taken-over': {
    level: on('warn'),
    text: ({ operation, attempts }) =>
      `${operation}: took over a claim whose owner is silent (claim ${attempts} of its key)`,
  },
  'idempotency.mismatch': {
    level: on('warn'),
    text: ({ operation }) => `${operation}: a key came again with another payload`,
  },
  'retry.scheduled': {
    level: never,
    text: ({ operation, attempt, delayMs, error }) =>
      `${operation}: attempt ${attempt} failed, retried after ${delayMs} ms${causeOf(error)}`,
  },
  'retry.recovered': {
    level: never,
    text: ({ operation, attempts }) => `${operation}: recovered with attempt ${attempts}`,
  },
  'circuit-breaker.rejected': {
    level: never,
    text: ({ policy, operation }) => `circuit breaker "${policy}" refuses ${operation}`,
  },
  'rate-limiter.rejected': {
    level: never,
    text: ({ policy, operation }) => `rate limiter "${policy}" refuses ${operation}`,
  },
  'hedge.launched': {
    level: never,
    text: ({ operation, attempt }) => `${operation}: is slow, attempt ${attempt} runs beside it`,
  },
  'idempotency.executed': {
    level: never,
    text: ({ operation, recorded, durationMs }) => `${operation}: ran for ${durationMs} ms (${recorded})`,
  },
  'idempotency.replayed': {
    level: never,
    text: ({ operation, outcome }) => `${operation}: replayed its ${outcome}`,
  },
  'idempotency.in-flight': { level: never, text: ({ operation }) => `${operation}: its key is in flight` },
};

/** Every kind of event. */
export const EVENT_KINDS = Object.keys(TELLINGS) as readonly Kind[];

/** Kinds of which some are told where nobody says anything else. */
export const TOLD_KINDS = EVENT_KINDS.filter((kind) => TELLINGS[kind].level !== never);

/** What there is to tell of an event, and whether it is told by itself; `undefined` for nothing. */
export function factOf(
  event: ResilienceEvent,
  asked: ResilienceLogLevel | undefined,
): { readonly fact: LoggedFact; readonly isSingle: boolean } | undefined {
  // The table holds for each kind what is to be done with events of that kind.
  const telling = TELLINGS[event.kind] as unknown as Telling<Kind>;
  const level = asked ?? telling.level(event);
  if (level === false) return undefined;
  return {
    fact: { key: keyOf(event), level, text: telling.text(event) },
    isSingle: telling.isSingle?.(event) === true,
  };
}

function keyOf(event: ResilienceEvent): string {
  const { kind, policy, operation } = event;
  switch (event.kind) {
    // Of a policy: whoever meets it.
    case 'budget.refused':
      return `${kind} ${event.budget}`;
    case 'bulkhead.rejected':
    case 'circuit-breaker.rejected':
    case 'rate-limiter.rejected':
      return `${kind} ${policy}`;
    case 'circuit-breaker.state-changed':
      return `${kind} ${policy} ${event.from} ${event.to}`;
    case 'retry.gave-up':
      return `${kind} ${operation} ${event.reason}`;
    default:
      return `${kind} ${operation}`;
  }
}

function stateText({
  policy,
  from,
  to,
  failureRate,
  waitMs,
  keyed,
}: CircuitBreakerStateChangedEvent): string {
  const fact = `circuit breaker "${policy}"${keyed ? ' (one of its keys)' : ''}: ${from} → ${to}`;
  if (to !== 'open' && to !== 'forced-open') return fact;
  const wait = waitMs === undefined ? '' : `, probes after ${waitMs} ms`;
  return `${fact} (${Math.round(failureRate * 100)} % of calls failed${wait})`;
}

function raisedText(event: EventOf<'alert.raised'>): string {
  const { alert, giveUps, state, lastingMs } = event;
  const fact = alert === 'give-ups' ? `${giveUps} calls were given up within` : `${state}, not closed for`;
  return `alert of ${subjectOf(event)}: ${fact} ${lastingMs} ms`;
}

function changesText({ changes }: EventOf<'configuration.changed'>): string {
  const texts = changes.map(({ path, before, after }) => `${path} ${show(before)} → ${show(after)}`);
  return `options were replaced: ${texts.join(', ')}`;
}

function subjectOf({ alert, policy, keyed }: EventOf<'alert.raised' | 'alert.cleared'>): string {
  if (alert === 'give-ups') return 'retries';
  return `circuit breaker "${policy}"${keyed === true ? ' (one of its keys)' : ''}`;
}

/** What a call failed with, as the end of a line; a value that counts as a failure is not shown. */
function causeOf(error: unknown): string {
  return error instanceof Error ? `: ${error.name}: ${error.message}` : '';
}
