import { type Attributes, trace } from '@opentelemetry/api';
import type { EventHub, ResilienceEvent } from '../../core/index.js';

/** What a trace should show: that a call was retried, refused, or answered by a fallback. */
const SHOWN = [
  'retry.scheduled',
  'circuit-breaker.rejected',
  'bulkhead.rejected',
  'rate-limiter.rejected',
  'fallback.served',
] as const satisfies readonly ResilienceEvent['kind'][];

type ShownEvent = Extract<ResilienceEvent, { readonly kind: (typeof SHOWN)[number] }>;

/** Puts an event on the span that is active where a retry, a refusal or a fallback happens; answers how to stop. */
export function recordSpanEvents(events: EventHub): () => void {
  return events.listen((event) => {
    if (isShown(event)) trace.getActiveSpan()?.addEvent(`resilience.${event.kind}`, attributesOf(event));
  }, SHOWN);
}

function isShown(event: ResilienceEvent): event is ShownEvent {
  return SHOWN.some((kind) => kind === event.kind);
}

/** Never what a key, an argument or a message says. */
function attributesOf(event: ShownEvent): Attributes {
  const { operation, policy } = event;
  return { 'resilience.operation': operation, 'resilience.policy': policy, ...detailsOf(event) };
}

function detailsOf(event: ShownEvent): Attributes {
  switch (event.kind) {
    case 'retry.scheduled':
      return {
        'resilience.attempt': event.attempt,
        'resilience.delay_ms': event.delayMs,
        ...typeOf(event.error),
      };
    case 'circuit-breaker.rejected':
      return event.retryAfterMs === undefined ? {} : { 'resilience.retry_after_ms': event.retryAfterMs };
    case 'rate-limiter.rejected':
      return { 'resilience.retry_after_ms': event.retryAfterMs };
    case 'fallback.served':
      return { 'resilience.fallback.source': event.source, ...typeOf(event.error) };
    case 'bulkhead.rejected':
      return {};
  }
}

/** The class of an error, as the semantic conventions call it; a value that counts as a failure has none. */
function typeOf(error: unknown): Attributes {
  return error instanceof Error ? { 'error.type': error.name } : {};
}
