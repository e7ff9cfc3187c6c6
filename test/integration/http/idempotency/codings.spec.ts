import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import fastifyCompress from '@fastify/compress';
import { describe, expect, it } from '@jest/globals';
import { Controller, Header, Post, StreamableFile } from '@nestjs/common';
import compression from 'compression';
import { Idempotent } from 'nestjs-selfheal';
import { Applications } from '../../../support/nest-applications.js';
import { nestMajor } from '../../../support/nest-major.js';
import { type Answer, open, PLATFORMS, type Shop } from './shop.js';

const applications = new Applications();
let runs = 0;
/** Text that is not much smaller when it is compressed. */
const PART = Buffer.from(randomBytes(75_000).toString('base64'));

@Controller()
class Catalogue {
  @Idempotent({ scope: 'shared' })
  @Post('pages')
  async pages(): Promise<object> {
    runs += 1;
    return { run: runs, lines: Array.from({ length: 1_000 }, (_, line) => `line number ${line}`) };
  }

  @Idempotent({ scope: 'shared' })
  @Post('archive')
  @Header('Content-Type', 'text/plain')
  async archive(): Promise<StreamableFile> {
    runs += 1;
    return new StreamableFile(Readable.from(Array.from({ length: 60 }, () => PART)));
  }
}

function decodedOf({ headers, body }: Answer): string {
  const coding = headers['content-encoding'] ?? 'identity';
  if (coding === 'gzip') return gunzipSync(body).toString();
  return coding === 'br' ? brotliDecompressSync(body).toString() : body.toString();
}

describe.each(PLATFORMS)(`content codings on %s, Nest ${nestMajor}`, (platform) => {
  const openCatalogue = (): Promise<Shop> => {
    runs = 0;
    return open(
      applications,
      platform,
      { controllers: [Catalogue] },
      {
        express: (app) => app.use(compression()),
        // The types of the plugin and of the adapter name two copies of Fastify's.
        fastify: (app) => app.register(fastifyCompress as never),
      },
    );
  };

  const ask = (shop: Shop, accepted: string | undefined): Promise<Answer> =>
    shop.send('/pages', { key: 'k', headers: accepted === undefined ? {} : { 'Accept-Encoding': accepted } });

  it.each([
    ['gzip', ['gzip', 'br', 'identity', undefined, 'gzip;q=0, br']],
    ['br', ['br', 'gzip', 'identity', undefined]],
    ['identity', ['gzip', 'br', 'identity']],
  ])('ID-39: replays a first answer in %s to whoever accepts what', async (first, accepted) => {
    const shop = await openCatalogue();

    const original = await ask(shop, first);
    const replays = [];
    for (const each of accepted) replays.push(await ask(shop, each));

    expect(original.headers['content-encoding'] ?? 'identity').toBe(first);
    expect(replays.map((each) => each.isReplay)).toEqual(accepted.map(() => true));
    expect(replays.map((each) => decodedOf(each) === decodedOf(original))).toEqual(accepted.map(() => true));
    expect(
      replays.filter((each, index) => {
        const coding = each.headers['content-encoding'] ?? 'identity';
        return coding !== 'identity' && !(accepted[index] ?? '').endsWith(coding);
      }),
    ).toEqual([]);
    expect(replays.map((each) => each.headers['content-type'])).toEqual(
      accepted.map(() => original.headers['content-type']),
    );
    expect(runs).toBe(1);
  });

  it('lets a compressed stream beyond the limit go on to its end', async () => {
    const shop = await openCatalogue();
    const headers = { 'Accept-Encoding': 'gzip' };

    const first = await shop.send('/archive', { key: 'k', headers });
    const second = await shop.send('/archive', { key: 'k', headers });

    expect(first.headers['content-encoding']).toBe('gzip');
    expect(decodedOf(first).length).toBe(60 * PART.byteLength);
    expect([second.status, runs]).toEqual([409, 1]);
  });
});
