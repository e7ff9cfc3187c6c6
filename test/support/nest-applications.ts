import 'reflect-metadata';
import type { Server } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach } from '@jest/globals';
import type { INestApplication, INestApplicationContext, ModuleMetadata, Type } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { resetDefaultRuntime } from 'nestjs-selfheal/testing';
import {
  EventRecorder,
  ManualClock,
  ResilienceTestingModule,
  type ResilienceTestingOptions,
} from 'nestjs-selfheal/testing';
import { RecordingLines } from './recording-lines.js';
import { httpError } from './retry-world.js';

/** What the cases call `@Retryable` without arguments. */
export const AT_ONCE = {
  maxAttempts: 3,
  backoff: { type: 'fixed', initialDelay: 0 },
  budget: false,
} as const;

export type Platform = 'Express' | 'Fastify';

/** A running application of the package, its time and its events. */
export interface World {
  readonly app: INestApplicationContext;
  readonly clock: ManualClock;
  readonly events: EventRecorder;
  get<T>(token: Type<T>): T;
}

/** The same, listening. */
export interface HttpWorld extends World {
  readonly app: INestApplication<Server>;
  readonly address: string;
}

/** What is started in a test, and closed after it. */
export class Applications {
  /** What was logged through Nest's `Logger` in this test. */
  readonly lines = new RecordingLines();
  private readonly open: INestApplicationContext[] = [];

  constructor() {
    afterEach(async () => {
      await Promise.all(this.open.splice(0).map((app) => app.close()));
      this.lines.lines.length = 0;
      resetDefaultRuntime();
    });
  }

  /** Closes with the others after the test. */
  keep<A extends INestApplicationContext>(app: A): A {
    this.open.push(app);
    return app;
  }

  /** Starts an application without a server. */
  async start(metadata: ModuleMetadata, options?: ResilienceTestingOptions): Promise<World> {
    const app = await this.compiled(metadata, options);
    // Kept when it has started: Nest 11 answers the closing of one that has not with the error of its start.
    await app.init();
    return worldOf(this.keep(app));
  }

  /** Starts an application that listens. */
  async listen(
    platform: Platform,
    metadata: ModuleMetadata,
    options?: ResilienceTestingOptions,
  ): Promise<HttpWorld> {
    const adapter = platform === 'Express' ? new ExpressAdapter() : new FastifyAdapter();
    const module = await this.compiled(metadata, options);
    const app = this.keep(module.createNestApplication<INestApplication<Server>>(adapter));
    await app.listen(0, '127.0.0.1');
    return { ...worldOf(app), app, address: await app.getUrl() };
  }

  private compiled(metadata: ModuleMetadata, options?: ResilienceTestingOptions): Promise<TestingModule> {
    const imports = [ResilienceTestingModule.forRoot(options), ...(metadata.imports ?? [])];
    return Test.createTestingModule({ ...metadata, imports })
      .setLogger(this.lines)
      .compile();
  }
}

function worldOf<A extends INestApplicationContext>(app: A): World & { app: A } {
  return {
    app,
    clock: app.get(ManualClock),
    events: app.get(EventRecorder),
    get: (token) => app.get(token, { strict: false }),
  };
}

/** A dependency that follows a script: `F` fails with 503, `F404` with 404, all else is its answer. */
export class Backend {
  /** What it failed with, in order. */
  readonly errors: Error[] = [];
  /** When it was called. */
  readonly runsAt: number[] = [];
  private readonly script: readonly string[];

  constructor(
    script: string,
    private readonly clock?: ManualClock,
  ) {
    this.script = script.split(',');
  }

  get runs(): number {
    return this.runsAt.length;
  }

  /** The next outcome of the script, the last one repeated; failures are thrown. */
  next(): string {
    this.runsAt.push(this.clock?.nowMs() ?? 0);
    const outcome = this.script[Math.min(this.runs, this.script.length) - 1] ?? '';
    if (!outcome.startsWith('F')) return outcome;
    const error = httpError(Number(outcome.slice(1) || 503));
    this.errors.push(error);
    throw error;
  }

  async ask(): Promise<string> {
    return this.next();
  }
}

/** Turns of the event loop after which nothing more is to be expected. */
const MOST_TURNS = 100_000;

/** Lets turns of the event loop pass until something holds, as a request that is on its way. */
export async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < MOST_TURNS && !holds(); turn += 1) await nextTurn();
  if (!holds()) throw new Error(`nothing came of: ${holds.toString()}`);
}

/** What became of a call: its value, or what it failed with. */
export async function outcomeOf(call: () => unknown): Promise<{ value?: unknown; error?: unknown }> {
  try {
    return { value: await call() };
  } catch (error) {
    return { error };
  }
}
