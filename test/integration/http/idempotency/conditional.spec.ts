import { describe, expect, it } from '@jest/globals';
import { Controller, Get, Header, Post } from '@nestjs/common';
import { Idempotent } from 'nestjs-selfheal';
import { Applications } from '../../../support/nest-applications.js';
import { nestMajor } from '../../../support/nest-major.js';
import { open, PLATFORMS } from './shop.js';

const applications = new Applications();
let runs = 0;

@Controller('quotes')
class Quotes {
  @Idempotent({ scope: 'shared' })
  @Header('ETag', '"quote"')
  @Get()
  async quote(): Promise<object> {
    runs += 1;
    return { price: 100 };
  }
}

class Base {
  @Idempotent({ scope: 'shared' })
  @Post()
  async create(): Promise<object> {
    runs += 1;
    return { run: runs };
  }
}

@Controller('overridden')
class Overridden extends Base {
  @Post()
  override async create(): Promise<object> {
    return super.create();
  }
}

describe.each(PLATFORMS)(`guarded routes on %s, Nest ${nestMajor}`, (platform) => {
  it('keep no answer that says what one client has already', async () => {
    runs = 0;
    const shop = await open(applications, platform, { controllers: [Quotes] });
    const quote = (headers: Record<string, string>) =>
      shop.send('/quotes', { method: 'GET', key: 'k', headers });

    const first = await quote({ 'If-None-Match': '"quote"' });
    const other = await quote({});
    const again = await quote({ 'If-None-Match': '"quote"' });

    expect([other.status, other.text, other.isReplay]).toEqual([200, '{"price":100}', true]);
    expect(other.headers['etag']).toBe('"quote"');
    // Fastify by itself does not look at what a client has.
    const expected = platform === 'Express' ? 304 : 200;
    expect([first.status, runs]).toEqual([expected, 1]);
    expect([200, expected]).toContain(again.status);
  });

  it('say what is wrong where an override without decorator answers the route', async () => {
    runs = 0;
    const shop = await open(applications, platform, { controllers: [Overridden] });

    const answer = await shop.send('/overridden', { key: 'k' });

    expect(answer.text).toContain('decorate the method that handles the route');
    expect([answer.status, runs]).toEqual([400, 0]);
  });
});
