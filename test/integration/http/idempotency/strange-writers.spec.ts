import { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Body, Controller, Post, Res, StreamableFile } from '@nestjs/common';
import compression from 'compression';
import { Idempotent } from 'nestjs-selfheal';
import { Applications } from '../../../support/nest-applications.js';
import { nestMajor } from '../../../support/nest-major.js';
import { open, PLATFORMS } from './shop.js';

const applications = new Applications();

interface RawLike {
  end(text: unknown): void;
  writeHead(status: unknown, headers: object): void;
  write(chunk: unknown): boolean;
  setHeader(name: string, value: string): void;
}

const rawOf = (response: object): RawLike =>
  ('raw' in response ? (response as { raw: unknown }).raw : response) as RawLike;

let runs = 0;

@Controller()
class Files {
  @Idempotent({ scope: 'shared', maxStoredBytes: 100 })
  @Post('file')
  async file(): Promise<StreamableFile> {
    const chunk = Buffer.alloc(60, 'a');
    const parts = Array.from({ length: 40 }, () => chunk);
    return new StreamableFile(Readable.from(parts, { highWaterMark: 1 }), { type: 'text/plain' });
  }

  @Idempotent({ scope: 'shared' })
  @Post('proxied')
  async proxied(@Res() response: object): Promise<void> {
    runs += 1;
    const proxied = new Proxy(rawOf(response), {});
    proxied.setHeader('Content-Type', 'text/plain');
    proxied.end('done');
  }

  @Idempotent({ scope: 'shared' })
  @Post('nothing')
  async nothing(@Res() response: object): Promise<void> {
    runs += 1;
    // Node takes it for no chunk at all.
    rawOf(response).end(0);
  }

  @Idempotent({ scope: 'shared' })
  @Post('status-text')
  async statusText(@Res() response: object): Promise<void> {
    runs += 1;
    rawOf(response).writeHead('202', { 'Content-Type': 'text/x' });
    rawOf(response).end('done');
  }

  @Idempotent({ scope: 'shared' })
  @Post('wrong')
  async wrong(@Res() response: object): Promise<void> {
    try {
      rawOf(response).write(1);
    } catch (error) {
      rawOf(response).end((error as { code?: string }).code ?? String(error));
    }
  }
}

@Controller()
class Orders {
  @Idempotent({ scope: 'shared' })
  @Post('make')
  async make(@Body() body: unknown): Promise<object> {
    return { body, runs: ++runs };
  }
}

afterEach(() => {
  runs = 0;
});

describe(`compression under a guarded handler, Nest ${nestMajor}`, () => {
  it('lets an answer that is larger than may be kept go on to its end', async () => {
    const shop = await open(
      applications,
      'Express',
      { controllers: [Files] },
      { express: (app) => app.use(compression({ threshold: 0 })) },
    );

    const first = await shop.send('/file', { key: 'k', headers: { 'Accept-Encoding': 'gzip' } });

    expect([first.status, first.headers['content-encoding']]).toEqual([201, 'gzip']);
  }, 5000);

  it('refuses what is no chunk as Node does', async () => {
    const shop = await open(
      applications,
      'Express',
      { controllers: [Files] },
      { express: (app) => app.use(compression({ threshold: 0 })) },
    );
    await shop.send('/wrong', { key: 'k' });
    const first = await shop.send('/wrong', { key: 'k2' });

    expect(first.text).toBe('ERR_INVALID_ARG_TYPE');
  });
});

describe.each(PLATFORMS)(`strange writers on %s, Nest ${nestMajor}`, (platform) => {
  it('holds what is written through a proxy of the response', async () => {
    const shop = await open(applications, platform, { controllers: [Files] });
    const first = await shop.send('/proxied', { key: 'k' });
    const second = await shop.send('/proxied', { key: 'k' });
    expect([first.status, first.text]).toEqual([201, 'done']);
    expect([second.status, second.text, second.isReplay, runs]).toEqual([201, 'done', true, 1]);
  }, 5000);

  it.each([
    ['nothing', 201, '', undefined],
    ['status-text', 202, 'done', 'text/x'],
  ])(
    'keeps what Node takes in other words than its own: %s',
    async (path, status, text, type) => {
      const shop = await open(applications, platform, { controllers: [Files] });
      const first = await shop.send(`/${path}`, { key: 'k' });
      const second = await shop.send(`/${path}`, { key: 'k' });
      expect([first.status, first.text, first.headers['content-type']]).toEqual([status, text, type]);
      expect([second.status, second.text, second.headers['content-type']]).toEqual([status, text, type]);
      expect([second.isReplay, runs]).toEqual([true, 1]);
    },
    5000,
  );
});

describe(`an application on Express, Nest ${nestMajor}`, () => {
  it('goes through what somebody puts into the responses of Node later', async () => {
    const shop = await open(applications, 'Express', { controllers: [Orders] });
    await shop.send('/make', { key: 'k', body: { a: 1 } });
    const original = ServerResponse.prototype.end as (...args: unknown[]) => unknown;
    let seen = 0;
    ServerResponse.prototype.end = function (this: ServerResponse, ...args: unknown[]) {
      seen += 1;
      return original.apply(this, args);
    } as typeof ServerResponse.prototype.end;
    try {
      await shop.send('/make', { key: 'k2', body: { a: 1 } });
      await shop.send('/nowhere');
    } finally {
      ServerResponse.prototype.end = original as typeof ServerResponse.prototype.end;
    }
    expect(seen).toBe(2);
  });
});
