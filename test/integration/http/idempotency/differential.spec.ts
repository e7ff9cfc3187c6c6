import { describe, expect, it } from '@jest/globals';
import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { defer, type Observable, switchMap } from 'rxjs';
import { Applications, type Platform } from '../../../support/nest-applications.js';
import { nestMajor } from '../../../support/nest-major.js';
import { Answers, facts, runs } from './answers.js';
import { Gate, open, type Shop } from './shop.js';

const applications = new Applications();
let gate = new Gate();

/** Holds the owner of a key, so that its duplicates find it in flight. */
@Injectable()
class Holds implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string> }>();
    if (headers['x-hold'] === undefined) return next.handle();
    return defer(() => gate.wait()).pipe(switchMap(() => next.handle()));
  }
}

const VALUES = ['undefined', 'null', '0', 'false', '""', '"text"', '[1,2]', '{"a":1}'];
const STATUSES = [400, 402, 404, 408, 409, 410, 422, 425, 429, 500, 502, 503, 504];
const ROUTES = [
  ...VALUES.map((value) => `/value?give=${encodeURIComponent(value)}`),
  ...STATUSES.map((status) => `/fail?status=${status}`),
  ...['headers', 'none', 'redirect', 'raw-once', 'raw-five', 'file', 'buffer'].map((name) => `/${name}`),
  ...['kept-500', 'wrapped', 'domain', 'degraded', 'always-degraded', 'missing'].map((name) => `/${name}`),
];

/** Where Nest's adapters themselves write other bytes, with and without a guard. */
const ADAPTERS_DIFFER = ['/value?give=null', '/value?give=0', '/value?give=false', '/redirect'];

/** First call, duplicate in flight, mismatch and replay of one route. */
async function record(shop: Shop, path: string): Promise<unknown> {
  gate = new Gate();
  const sending = { key: path, body: {} };
  const owner = shop.send(path, { ...sending, headers: { 'X-Hold': 'yes' } });
  await gate.reached;
  const inFlight = await shop.send(path, sending);
  gate.open();
  const first = await owner;
  const mismatch = await shop.send(path, { key: path, body: { other: true } });
  const again = await shop.send(path, sending);
  const all = [first, inFlight, mismatch, again];
  expect(facts(again)).toEqual(again.isReplay ? facts(first) : expect.anything());
  if (ADAPTERS_DIFFER.includes(path)) {
    return { path, all: all.map(({ isReplay, status, headers }) => [isReplay, status, headers['location']]) };
  }
  return { path, all: all.map((each) => [each.isReplay, normal(facts(each))]) };
}

/** The type of a text that nobody has named differs between the platforms, with and without a guard. */
function normal(recorded: unknown): string {
  return JSON.stringify(recorded).replace(/text\/(html|plain); ?charset=utf-8/g, 'text');
}

async function recordAll(platform: Platform): Promise<readonly unknown[]> {
  runs.clear();
  const metadata = {
    controllers: [Answers],
    providers: [{ provide: APP_INTERCEPTOR, useClass: Holds }],
  };
  const shop = await open(applications, platform, metadata, {
    options: { idempotency: { replayHeaders: ['X-Total'] } },
    // Fastify makes none by itself.
    express: (app) => app.set('etag', false),
  });
  const all = [];
  for (const path of ROUTES) all.push(await record(shop, path));
  return all;
}

describe(`Express against Fastify, Nest ${nestMajor}`, () => {
  it('ID-40: gives equal statuses, listed headers and bytes, on every route', async () => {
    const express = await recordAll('Express');
    const fastify = await recordAll('Fastify');

    expect(ROUTES.length).toBeGreaterThanOrEqual(30);
    expect(fastify).toEqual(express);
  });
});
