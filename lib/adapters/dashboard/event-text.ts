import { type ResilienceEvent, show } from '../../core/index.js';
import { clipped, LONGEST_MESSAGE } from './clipped.js';

/** What every event carries, and what is told apart from the rest. */
const TOLD_ELSEWHERE = ['kind', 'operation', 'policy', 'timestampMs', 'error', 'keyHash'];
const MOST_FIELDS = 8;

const WORDS: Readonly<Record<string, (event: never) => string>> = {
  'circuit-breaker.state-changed': ({ from, to, failureRate, waitMs, keyed }: StateChange) =>
    joined(
      `${from} → ${to}`,
      `${Math.round(failureRate * 100)} % failed`,
      waitMs !== undefined && `probes after ${span(waitMs)}`,
      keyed && 'one of its keys',
    ),
  'retry.scheduled': ({ attempt, delayMs }: EventOf<'retry.scheduled'>) =>
    `attempt ${attempt} failed, next after ${span(delayMs)}`,
  'retry.recovered': ({ attempts, elapsedMs }: EventOf<'retry.recovered'>) =>
    `after ${attempts} attempts, ${span(elapsedMs)}`,
  'retry.gave-up': ({ attempts, reason, elapsedMs }: EventOf<'retry.gave-up'>) =>
    `${reason}, ${attempts === 1 ? '1 attempt' : `${attempts} attempts`}, ${span(elapsedMs)}`,
  'circuit-breaker.rejected': ({ retryAfterMs }: EventOf<'circuit-breaker.rejected'>) =>
    retryAfterMs === undefined ? '' : `probes in ${span(retryAfterMs)}`,
  'time-limiter.timed-out': ({ limit, timeoutMs }: EventOf<'time-limiter.timed-out'>) =>
    `${limit} limit of ${span(timeoutMs)}`,
  'fallback.served': ({ source }: EventOf<'fallback.served'>) => `answered by ${source}`,
};

type EventOf<K extends ResilienceEvent['kind']> = Extract<ResilienceEvent, { readonly kind: K }>;
type StateChange = EventOf<'circuit-breaker.state-changed'>;

/** What an event says beyond its kind, operation and policy, in a few words. */
export function eventText(event: ResilienceEvent): string {
  const words = WORDS[event.kind];
  // The table's keys are the kinds that its functions take.
  const text = words === undefined ? fieldsOf(event) : words(event as never);
  return clipped(text, LONGEST_MESSAGE);
}

/** Kinds that have no words of their own tell their fields. */
function fieldsOf(event: ResilienceEvent): string {
  const fields = Object.entries(event).filter(
    ([field, value]) => !TOLD_ELSEWHERE.includes(field) && value !== undefined && value !== false,
  );
  return joined(...fields.slice(0, MOST_FIELDS).map(([field, value]) => fieldText(field, value)));
}

function fieldText(field: string, value: unknown): string {
  const isSpan = field.endsWith('Ms') && typeof value === 'number';
  const name = (isSpan ? field.slice(0, -2) : field)
    .replaceAll(/[A-Z]/g, (letter) => ` ${letter}`)
    .toLowerCase();
  if (value === true) return name;
  if (isSpan) return `${name} ${span(value)}`;
  return `${name} ${typeof value === 'string' ? value : show(value)}`;
}

function joined(...parts: readonly (string | false)[]): string {
  return parts.filter((part) => part !== false && part !== '').join(', ');
}

function span(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  return ms < 60_000 ? `${Number((ms / 1_000).toFixed(1))} s` : `${Number((ms / 60_000).toFixed(1))} min`;
}
