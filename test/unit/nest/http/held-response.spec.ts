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

  it('lets whoever has wrapped its methods meanwhile go on', async () => {
    const { text } = await exchange((raw) => {
      const response = held(raw);
      const end = raw.end.bind(raw);
      raw.end = ((chunk: string) => end(chunk.toUpperCase())) as typeof raw.end;
      response.release();
      raw.end('late');
    });

    expect(text).toBe('LATE');
  });

  it('stands over another one, which goes on holding what it releases', async () => {
    const seen: unknown[] = [];
    const { text } = await exchange((raw) => {
      const below = held(raw);
      const above = held(raw);
      raw.end('both');
      seen.push(below.head, above.head?.status);
      above.release();
      seen.push(below.head?.status, raw.headersSent, raw.writableEnded);
      below.release();
      seen.push(raw.writableEnded);
    });

    expect(seen).toEqual([undefined, 200, 200, true, true, true]);
    expect(text).toBe('both');
  });

  it('stands over what another one has released, and somebody has wrapped', async () => {
    const { text } = await exchange((raw) => {
      const first = held(raw);
      const end = raw.end.bind(raw);
      raw.end = ((chunk: string) => end(`<${chunk}>`)) as typeof raw.end;
      first.release();
      const second = held(raw);
      raw.end('again');
      second.release();
    });

    expect(text).toBe('<again>');
  });

  it('deletes none of the properties of a response, which would cost it its shape', async () => {
    let meanwhile: string[] = [];
    let after: string[] = [];
    await exchange((raw) => {
      const response = held(raw);
      raw.end('x');
      meanwhile = Object.getOwnPropertyNames(raw);
      response.release();
      after = Object.getOwnPropertyNames(raw);
    });

    expect(meanwhile).not.toEqual([]);
    expect(after).toEqual(expect.arrayContaining(meanwhile));
  });

  it('stands in what responses of an application inherit, and gives none a shape of its own', async () => {
    const application = Object.create(ServerResponse.prototype) as object;
    const seen: unknown[] = [];
    const { status, text } = await exchange((raw) => {
      Object.setPrototypeOf(raw, application);
      raw.statusCode = 202;
      const names = Object.getOwnPropertyNames(raw);
      const response = held(raw);
      raw.end('held');
      seen.push(raw.headersSent, raw.writableEnded, response.body.toString());
      expect(() => raw.setHeader('X-Late', '1')).toThrow(/after they are sent/);
      seen.push(Object.getOwnPropertyNames(raw).filter((name) => !names.includes(name)));
      response.release();
      seen.push(raw.headersSent, raw.writableEnded);
    });

    expect(seen).toEqual([true, true, 'held', [], true, true]);
    expect([status, text]).toEqual([202, 'held']);
  });

  it('leaves responses alone that nobody holds, although they inherit of the same', async () => {
    const application = Object.create(ServerResponse.prototype) as object;
    const handle = (raw: ServerResponse, isHeld: boolean): void => {
      Object.setPrototypeOf(raw, application);
      const response = isHeld ? held(raw) : undefined;
      raw.setHeader('X-Set', '1');
      raw.end(isHeld ? 'held' : 'free');
      response?.release();
    };

    const answers = [await exchange((raw) => handle(raw, true)), await exchange((raw) => handle(raw, false))];

    expect(answers.map(({ text }) => text)).toEqual(['held', 'free']);
    expect(answers.map(({ headers }) => headers)).toEqual([
      expect.objectContaining({ 'x-set': '1' }),
      expect.objectContaining({ 'x-set': '1' }),
    ]);
  });

  it('stands before what somebody has put on a response of an application, as a compression does', async () => {
    const application = Object.create(ServerResponse.prototype) as object;
    const seen: string[] = [];
    const { text } = await exchange((raw) => {
      Object.setPrototypeOf(raw, application);
      const end = raw.end.bind(raw);
      raw.end = ((chunk: Buffer | string) => end(`<${String(chunk)}>`)) as typeof raw.end;
      const response = held(raw);
      raw.end('plain');
      seen.push(response.body.toString());
      response.release();
    });

    expect(seen).toEqual(['plain']);
    expect(text).toBe('<plain>');
  });

  it('stands before methods that an application has given all of its responses', async () => {
    const application = Object.create(ServerResponse.prototype) as { end: ServerResponse['end'] };
    application.end = function (this: ServerResponse, chunk: string) {
      return ServerResponse.prototype.end.call(this, `(${chunk})`, 'utf8');
    } as ServerResponse['end'];
    const mounted = Object.create(application) as object;
    const seen: string[] = [];
    const answers = [];
    for (const prototype of [application, mounted]) {
      const answer = await exchange((raw) => {
        Object.setPrototypeOf(raw, prototype);
        const response = held(raw);
        raw.end('plain');
        seen.push(response.body.toString());
        response.release();
      });
      answers.push(answer.text);
    }

    expect(seen).toEqual(['plain', 'plain']);
    expect(answers).toEqual(['(plain)', '(plain)']);
  });

  it('leaves what somebody has put where responses inherit it, for those that are not held', async () => {
    const seen: unknown[] = [];
    const mine = { configurable: true, get: () => 'mine' };
    const common = Object.create(ServerResponse.prototype, { headersSent: mine }) as object;
    await exchange((raw) => {
      Object.setPrototypeOf(raw, common);
      const response = held(raw);
      raw.end('a');
      seen.push(raw.headersSent);
      response.release();
      seen.push(raw.headersSent, raw.writableEnded);
    });

    expect(seen).toEqual([true, 'mine', true]);
  });
});
