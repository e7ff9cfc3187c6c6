import { fieldOf } from '../../core/error-facts.js';
import type { RpcPayload } from './rpc-payload.js';

/**
 * Sends the payload as Nest's gateways send errors: as the event `exception`. Sockets of the `ws` package have an
 * `emit` that reaches nobody but this process, hence they are told by their `readyState` first.
 */
export function answerSocket(client: unknown, payload: RpcPayload): void {
  const send = fieldOf(client, 'send');
  if (typeof fieldOf(client, 'readyState') === 'number' && typeof send === 'function') {
    send.call(client, JSON.stringify({ event: 'exception', data: payload }));
    return;
  }
  const emit = fieldOf(client, 'emit');
  if (typeof emit === 'function') emit.call(client, 'exception', payload);
}
