import { createHash } from 'node:crypto';
import type { Server } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { VersioningType } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { ResilienceModule } from 'nestjs-selfheal';
import { ResilienceDashboardModule } from 'nestjs-selfheal/dashboard';
import { Applications } from '../../../support/nest-applications.js';
import { OperatorGuard, PaymentsService } from './shop.js';
import { WatchedStream } from './watched-stream.js';

function sha256(text: string | undefined): string {
  return createHash('sha256')
    .update(text ?? '')
    .digest('base64');
}

describe.each(['Express', 'Fastify'] as const)('the page on %s', (platform) => {
  const applications = new Applications();

  async function prepared(options = {}): Promise<INestApplication<Server>> {
    const imports = [ResilienceModule.forRoot({ logger: false }), ResilienceDashboardModule.forRoot(options)];
    const module = await Test.createTestingModule({ imports, providers: [PaymentsService] })
      .setLogger(applications.lines)
      .compile();
    return applications.keep(
      module.createNestApplication(platform === 'Express' ? new ExpressAdapter() : new FastifyAdapter()),
    );
  }

  it('is one document that needs nothing from elsewhere, and a policy that allows nothing else', async () => {
    const { address } = await applications.listen(platform, {
      imports: [ResilienceDashboardModule.forRoot()],
    });

    const response = await fetch(`${address}/resilience`);
    const html = await response.text();

    const policy = response.headers.get('content-security-policy') ?? '';
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(html).not.toMatch(/<(?:script|link|img|iframe)[^>]+(?:src|href)="(?!data:)/);
    expect(html).not.toMatch(/ style="| on\w+="/);
    expect(policy).toContain(`default-src 'none'`);
    expect(policy).not.toContain('unsafe');
    expect(policy).toContain(`'sha256-${sha256(/<script type="module">(.*?)<\/script>/s.exec(html)?.[1])}'`);
    expect(policy).toContain(`'sha256-${sha256(/<style>(.*?)<\/style>/s.exec(html)?.[1])}'`);
    expect(policy).toContain(`frame-ancestors 'none'`);
  });

  it('stands below the global prefix, in every version, wherever its path says', async () => {
    const app = await prepared({ path: '/ops/healing/', guard: OperatorGuard });
    app.setGlobalPrefix('api');
    app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
    await app.listen(0, '127.0.0.1');
    const page = `${await app.getUrl()}/api/ops/healing`;

    const statuses = await Promise.all([
      fetch(page).then(({ status }) => status),
      fetch(`${page}/control`, { method: 'POST' }).then(({ status }) => status),
    ]);
    const stream = await WatchedStream.open(page);

    expect(statuses).toEqual([200, 403]);
    expect(await stream.nextOf('catalogue')).toMatchObject({ about: { canControl: true } });
    stream.leave();
  });

  it('tells the options of a method when it is asked', async () => {
    const world = await applications.listen(platform, {
      imports: [ResilienceDashboardModule.forRoot()],
      providers: [PaymentsService],
    });
    const stream = await WatchedStream.open(`${world.address}/resilience`);
    const { methods } = await stream.nextOf('catalogue');
    stream.leave();
    const index = methods.find(({ operation }) => operation === 'PaymentsService.charge')?.index;

    const [known, unknown] = await Promise.all(
      [index, 'none'].map((each) =>
        fetch(`${world.address}/resilience/methods/${each}`).then((response) => response.json()),
      ),
    );

    expect(known).toMatchObject({
      options: expect.arrayContaining([
        ['retry', expect.arrayContaining([['maxAttempts', '3']])],
        ['circuitBreaker', expect.arrayContaining([['failureThreshold', '3']])],
      ]),
    });
    expect(unknown).toEqual({ options: [] });
  });

  it('has no routes for orders without a guard', async () => {
    const { address } = await applications.listen(platform, {
      imports: [ResilienceDashboardModule.forRoot()],
    });

    const response = await fetch(`${address}/resilience/control`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-resilience-control': 'anything' },
      body: '{"target":"breaker","id":0,"action":"force-open"}',
    });

    expect(response.status).toBe(404);
  });

  it('is shown to those alone whom the guard of the view lets in', async () => {
    const { address } = await applications.listen(platform, {
      imports: [ResilienceDashboardModule.forRoot({ viewGuard: new OperatorGuard() })],
    });
    const headers = { 'x-role': 'operator' };

    const [page, events, allowed] = await Promise.all([
      fetch(`${address}/resilience`),
      fetch(`${address}/resilience/events`),
      fetch(`${address}/resilience`, { headers }),
    ]);

    expect([page.status, events.status, allowed.status]).toEqual([403, 403, 200]);
  });
});

describe('options', () => {
  it.each([
    [{ path: 'a/:id' }, /path must be a path of letters/],
    [{ path: '' }, /path must be a path/],
    [{ guard: 'admin' }, /guard must be a guard/],
    [{ maxViewers: 0 }, /maxViewers must be a whole number, at least 1/],
    [{ gard: OperatorGuard }, /gard is not an option/],
  ])('refuses %p, naming what would be right', (options, message) => {
    // As JavaScript may write it.
    expect(() => ResilienceDashboardModule.forRoot(options as object)).toThrow(message);
  });
});
