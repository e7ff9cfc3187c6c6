import { type IncomingHttpHeaders, request as startRequest, type Server } from 'node:http';
import type { INestApplication, ModuleMetadata } from '@nestjs/common';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import {
  EventRecorder,
  ResilienceTestingModule,
  type ResilienceTestingOptions,
} from 'nestjs-selfheal/testing';
import type { Applications, Platform } from '../../../support/nest-applications.js';

/** An answer as it came over the wire. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The body as text. */
  readonly text: string;
  /** Whether it says that it is a replay. */
  readonly isReplay: boolean;
}

/** What is sent. */
export interface Sending {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** Sent as JSON, unless it is text or bytes. */
  readonly body?: unknown;
  /** Of the `Idempotency-Key` header. */
  readonly key?: string;
  /** The client destroys its socket after so many milliseconds. */
  readonly leaveAfterMs?: number;
}

/** A running application, and a client of it. */
export interface Shop {
  readonly app: INestApplication<Server>;
  readonly address: string;
  readonly events: EventRecorder;
  send(path: string, sending?: Sending): Promise<Answer>;
}

/** What is done to an application before it listens. */
export interface Preparation {
  readonly options?: ResilienceTestingOptions;
  readonly express?: (app: NestExpressApplication) => unknown;
  readonly fastify?: (app: NestFastifyApplication) => unknown;
  readonly any?: (app: INestApplication<Server>) => unknown;
}

export const PLATFORMS: readonly Platform[] = ['Express', 'Fastify'];

/** Starts an application that is closed after the test. */
export async function open(
  applications: Applications,
  platform: Platform,
  metadata: ModuleMetadata,
  preparation: Preparation = {},
): Promise<Shop> {
  const imports = [ResilienceTestingModule.forRoot(preparation.options), ...(metadata.imports ?? [])];
  const module = await Test.createTestingModule({ ...metadata, imports })
    .setLogger(applications.lines)
    .compile();
  const app = await listening(applications, platform, module, preparation);
  const address = await app.getUrl();
  return {
    app,
    address,
    events: app.get(EventRecorder),
    send: (path, sending = {}) => send(`${address}${path}`, sending),
  };
}

type Module = Awaited<ReturnType<ReturnType<typeof Test.createTestingModule>['compile']>>;

async function listening(
  applications: Applications,
  platform: Platform,
  module: Module,
  { express, fastify, any }: Preparation,
): Promise<INestApplication<Server>> {
  const options = { rawBody: true };
  if (platform === 'Express') {
    const app = module.createNestApplication<NestExpressApplication>(new ExpressAdapter(), options);
    await express?.(app);
    await any?.(app);
    await applications.keep(app).listen(0, '127.0.0.1');
    return app;
  }
  const app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter(), options);
  await fastify?.(app);
  await any?.(app);
  await applications.keep(app).listen(0, '127.0.0.1');
  return app;
}

/** Sends a request on a connection of its own. */
export function send(url: string, sending: Sending): Promise<Answer> {
  const { method = 'POST', headers = {}, body, key, leaveAfterMs } = sending;
  const isRaw = typeof body === 'string' || body instanceof Uint8Array;
  const bytes = body === undefined ? undefined : Buffer.from(isRaw ? body : JSON.stringify(body));
  return new Promise((resolve, reject) => {
    const request = startRequest(url, {
      method,
      agent: false,
      headers: {
        ...(bytes !== undefined && { 'Content-Length': String(bytes.byteLength) }),
        ...(bytes !== undefined && !isRaw && { 'Content-Type': 'application/json' }),
        ...(key !== undefined && { 'Idempotency-Key': key }),
        ...(headers as Record<string, string>),
      },
    });
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const whole = Buffer.concat(chunks);
        const { statusCode: status = 0 } = response;
        const isReplay = response.headers['idempotency-replayed'] === 'true';
        resolve({ status, headers: response.headers, body: whole, text: whole.toString('utf8'), isReplay });
      });
    });
    if (leaveAfterMs !== undefined) setTimeout(() => request.destroy(new Error('left')), leaveAfterMs);
    request.end(bytes);
  });
}

/** The code of a refusal. */
export function codeOf({ text }: Answer): unknown {
  return (JSON.parse(text) as { readonly code?: unknown }).code;
}

/** A gate that a handler waits at, and that the test opens. */
export class Gate {
  private release: () => void = () => undefined;
  private readonly passed = new Promise<void>((resolve) => {
    this.release = resolve;
  });
  private reach: () => void = () => undefined;
  /** Resolves when somebody waits. */
  readonly reached = new Promise<void>((resolve) => {
    this.reach = resolve;
  });

  async wait(): Promise<void> {
    this.reach();
    await this.passed;
  }

  open(): void {
    this.release();
  }
}
