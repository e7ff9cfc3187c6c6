import { describe, expect, it } from '@jest/globals';
import { answerSocket } from '../../../../lib/nest/http/ws-answer.js';

const PAYLOAD = { status: 'error', message: 'not now', code: 'RESILIENCE_BULKHEAD_FULL' } as const;

/** Notes what it is told to do. */
class NotingClient {
  readonly notes: unknown[] = [];

  emit(...args: readonly unknown[]): void {
    this.notes.push(['emit', ...args]);
  }

  send(...args: readonly unknown[]): void {
    this.notes.push(['send', ...args]);
  }
}

class NativeSocket extends NotingClient {
  readonly readyState = 1;
}

describe('answerSocket', () => {
  it('emits the event to a client of Socket.IO', () => {
    const client = new NotingClient();

    answerSocket(client, PAYLOAD);

    expect(client.notes).toEqual([['emit', 'exception', PAYLOAD]]);
  });

  it('sends the event as text over a native socket, whose emit reaches nobody', () => {
    const client = new NativeSocket();

    answerSocket(client, PAYLOAD);

    expect(client.notes).toEqual([['send', JSON.stringify({ event: 'exception', data: PAYLOAD })]]);
  });

  it('does nothing without a client', () => {
    expect(() => answerSocket(undefined, PAYLOAD)).not.toThrow();
  });
});
