import { describe, expect, it } from '@jest/globals';
import { answerOf, replayedHeaders, storedAnswer } from '../../../../lib/nest/http/idempotent/wire-answer.js';

const head = (status: number, headers: Record<string, string | string[]> = {}) => ({
  status,
  headers,
  isOfHandler: false,
});

describe('answers as they are stored', () => {
  it('come back as they were: status, listed headers, codings and bytes', () => {
    const body = Buffer.from([0, 255, 128]);
    const written = head(201, {
      location: '/1',
      'x-total': '3',
      'content-encoding': 'gzip',
      'x-other': 'no',
    });

    const stored = storedAnswer(written, body, replayedHeaders(['x-total']));

    expect(stored.kind).toBe('wire');
    expect(answerOf(stored)).toEqual({
      status: 201,
      headers: [
        ['location', '/1'],
        ['x-total', '3'],
      ],
      codings: ['gzip'],
      body,
    });
  });

  it('never hold cookies, credentials and what belongs to one connection, listed or not', () => {
    const listed = [
      'set-cookie',
      'date',
      'connection',
      'content-length',
      'www-authenticate',
      'vary',
      'x-hop',
      'x-a',
    ];
    const headers = Object.fromEntries(listed.map((name) => [name, 'value']));

    const stored = storedAnswer(
      head(200, { ...headers, connection: 'close, X-Hop' }),
      Buffer.alloc(0),
      replayedHeaders(listed),
    );

    expect(answerOf(stored).headers).toEqual([['x-a', 'value']]);
  });

  it.each([204, 304])('hold no body for %i', (status) => {
    const stored = storedAnswer(head(status), Buffer.from('never sent'), replayedHeaders([]));

    expect(stored.body.byteLength).toBe(0);
  });

  it.each(['{"v":2,"status":200,"headers":[],"codings":[]}', '{"v":1}', 'null', 'damaged'])(
    'are refused where this version cannot read them: %s',
    (metadata) => {
      expect(() => answerOf({ kind: 'wire', metadata, body: Buffer.alloc(0) })).toThrow();
    },
  );
});
