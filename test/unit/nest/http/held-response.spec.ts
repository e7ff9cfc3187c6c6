import { createServer, request, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { HeldResponse, type HowWritten } from '../../../../lib/nest/http/idempotent/held-response.js';

/** One exchange over a real connection: what the handler sees, and what the client gets. */
async function exchange(
  handle: (raw: ServerResponse) => void,
): Promise<{ status: number; text: string; headers: object }> {
  const server = createServer((_request, raw) => handle(raw)).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  try {
    return await new Promise((resolve, reject) => {
      const { port } = server.address() as AddressInfo;
      const sent = request({ port, agent: false }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const { statusCode = 0, headers } = response;
          resolve({ status: statusCode, text: Buffer.concat(chunks).toString(), headers });
        });
      });
      sent.on('error', reject);
      sent.end();
    });
  } finally {
    server.close();
  }
}

function held(
  raw: ServerResponse,
  mostBytes = 100,
  say: (how: HowWritten) => void = () => undefined,
): HeldResponse {
  return new HeldResponse(raw, mostBytes, () => true, say);
}

describe('a held response', () => {
  it('behaves to its writer as if it had left, and leaves as it was written', async () => {
    const seen: unknown[] = [];
    const { status, text, headers } = await exchange((raw) => {
      const response = held(raw, 100, (how) => seen.push(how));
      raw.setHeader('X-One', '1');
      raw.writeHead(202, { 'X-Two': '2' });
      seen.push(raw.write('a'), raw.headersSent, raw.writableEnded);
      raw.end('b');
      seen.push(raw.writableEnded, response.body.toString(), response.head?.status);
      expect(() => raw.setHeader('X-Three', '3')).toThrow(/after they are sent/);
      expect(() => raw.writeHead(500)).toThrow(/after they are sent/);
      raw.statusCode = 500;
      response.release();
    });

    expect(seen).toEqual([true, true, false, 'ended', true, 'ab', 202]);
    expect([status, text]).toEqual([202, 'ab']);
    expect(headers).toMatchObject({ 'x-one': '1', 'x-two': '2', 'transfer-encoding': 'chunked' });
  });

  it('keeps the length that Node computes for an answer in one piece', async () => {
    const { headers } = await exchange((raw) => {
      const response = held(raw);
      raw.end('four');
      response.release();
    });

    expect(headers).toMatchObject({ 'content-length': '4' });
  });

  it('holds exactly the limit, says when there is more, and lets what follows pass', async () => {
    const seen: unknown[] = [];
    const { text } = await exchange((raw) => {
      const response = held(raw, 4, (how) => seen.push(how));
      seen.push(raw.write('1234'), raw.write('5'), response.body.byteLength);
      raw.once('drain', () => raw.end('6'));
      response.release();
    });

    expect(seen).toEqual(['too-large', true, false, 0]);
    expect(text).toBe('123456');
  });

  it('is as if nothing had been written when it is discarded', async () => {
    const { status, text } = await exchange((raw) => {
      const response = held(raw);
      raw.writeHead(201);
      raw.end('first');
      response.discard();
      raw.statusCode = 409;
      raw.end('second');
    });

    expect([status, text]).toEqual([409, 'second']);
  });

  it('takes a copy of what its writer may use again', async () => {
    const { text } = await exchange((raw) => {
      const response = held(raw);
      const bytes = Buffer.from('one');
      raw.write(bytes);
      bytes.write('two');
      raw.end();
      response.release();
    });

    expect(text).toBe('one');
  });

  it('refuses at once what Node refuses', async () => {
    const { text } = await exchange((raw) => {
      const response = held(raw);
      expect(() => raw.writeHead(99)).toThrow(/status code/i);
      expect(() => raw.writeHead(200, { 'X-Bad': 'a\nb' })).toThrow(/header/i);
      expect(() => raw.write(7 as never)).toThrow(/chunk/);
      raw.end('fine');
      response.release();
    });

    expect(text).toBe('fine');
  });
});
