import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Project } from '../../../support/child-process.js';

const REQUIRED = ['@nestjs/common', '@nestjs/core', 'reflect-metadata', 'rxjs'];
const DOORS = ['', '/core', '/rxjs', '/testing'];

const PRELUDE = `
import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { of, firstValueFrom, Observable } from 'rxjs';
import * as selfheal from 'nestjs-selfheal';
const { Bulkhead, CircuitBreaker, Fallback, RateLimiter, ResilienceModule, Retryable, TimeLimiter } = selfheal;
const down = () => Object.assign(new Error('down'), { status: 503 });
const started = (providers, options = {}) => {
  class AppModule {}
  Module({ imports: [ResilienceModule.forRoot(options)], providers })(AppModule);
  return NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
};
`;

// A process needs its time to start, however quick the machine is.
jest.setTimeout(60_000);

describe('in a process of its own', () => {
  let project: Project;

  beforeAll(async () => {
    project = await Project.create(...REQUIRED);
  });

  afterAll(() => project.remove());

  it.each(DOORS)(
    'NI-59: with the required peers alone, nestjs-selfheal%s opens and logs nothing',
    async (door) => {
      const { code, output } = await project.run(`
      // Node itself is still closing the files of the modules that it has read.
      const open = () => process.getActiveResourcesInfo().filter((each) => each !== 'CloseReq');
      // Nest looks whether its output is a terminal, which opens the pipe that this test reads.
      void [process.stdout, process.stderr];
      const before = open().length;
      const listeners = process.eventNames().length;
      const door = await import('nestjs-selfheal${door}');
      if (Object.keys(door).length === 0) throw new Error('the door is empty');
      if (open().length > before) throw new Error('something was opened: ' + open().join());
      if (process.eventNames().length > listeners) throw new Error('something listens to the process');
    `);

      expect([code, output]).toEqual([0, '']);
    },
  );

  it('NI-62: a process that has used every policy ends by itself', async () => {
    const { code, output, livedMs } = await project.run(`${PRELUDE}
      class Shop {
        async buy(): Promise<string> { return 'bought'; }
        stream(): Observable<string> { return of('streamed'); }
        async *items(): AsyncGenerator<number> { yield 1; }
      }
      for (const member of ['buy', 'stream', 'items']) {
        const descriptor = Object.getOwnPropertyDescriptor(Shop.prototype, member);
        for (const decorate of [
          Fallback({ value: 'instead' }),
          Retryable({ maxAttempts: 2 }),
          CircuitBreaker(),
          RateLimiter({ limit: 9, window: '1h' }),
          TimeLimiter({ attemptTimeout: '1h', totalTimeout: '2h' }),
          Bulkhead({ maxConcurrentCalls: 1, maxQueueSize: 1, maxWaitDuration: '1h' }),
        ]) decorate(Shop.prototype, member, descriptor);
        Object.defineProperty(Shop.prototype, member, descriptor);
      }
      const app = await started([Shop]);
      const shop = app.get(Shop);
      const answers = await Promise.all([shop.buy(), shop.buy(), firstValueFrom(shop.stream())]);
      for await (const item of shop.items()) answers.push(item);
      process.stdout.write(answers.join());
    `);

    expect([code, output]).toEqual([0, 'bought,bought,streamed,1']);
    expect(livedMs).toBeLessThan(30_000);
  });

  it('NI-62: a process lives until a call in a delay is answered', async () => {
    const { code, output } = await project.run(`${PRELUDE}
      let runs = 0;
      class Shop {
        @Retryable({ backoff: { type: 'fixed', initialDelay: 300, jitter: 'none' } })
        async buy(): Promise<string> {
          runs += 1;
          if (runs < 2) throw down();
          return 'bought';
        }
      }
      const app = await started([Shop]);
      const began = performance.now();
      void app.get(Shop).buy().then((value) => {
        process.stdout.write(value + ' ' + (performance.now() - began >= 300));
      });
    `);

    expect([code, output]).toEqual([0, 'bought true']);
  });

  it('NI-62: a process lives until a call that hangs has met its time limit', async () => {
    const { code, output } = await project.run(`${PRELUDE}
      class Shop {
        @TimeLimiter(200)
        buy(): Promise<string> {
          return new Promise(() => undefined);
        }
      }
      const app = await started([Shop]);
      await app.get(Shop).buy().catch((error) => process.stdout.write(error.code));
    `);

    expect([code, output]).toEqual([0, 'RESILIENCE_TIMEOUT_EXCEEDED']);
  });

  it('NI-30: compiled by tsc, a generator is retried before its first item, and not after it', async () => {
    const { code, output } = await project.run(`${PRELUDE}
      const AT_ONCE = { maxAttempts: 3, backoff: { type: 'fixed', initialDelay: 0 }, budget: false };
      let runs = 0;
      class Pages {
        @Retryable(AT_ONCE)
        async *early(): AsyncGenerator<number> {
          runs += 1;
          if (runs < 3) throw down();
          yield 1;
          yield 2;
        }
        @Retryable(AT_ONCE)
        async *late() {
          runs += 1;
          yield 1;
          throw down();
        }
        @Retryable(AT_ONCE)
        plain() {
          return of('learned');
        }
      }
      const app = await started([Pages]);
      const pages = app.get(Pages);
      const seen = [];
      for await (const item of pages.early()) seen.push(item);
      seen.push('runs', runs);
      runs = 0;
      try {
        for await (const item of pages.late()) seen.push(item);
      } catch (error) {
        seen.push(error.message);
      }
      seen.push('runs', runs, await firstValueFrom(pages.plain()));
      process.stdout.write(seen.join());
    `);

    expect([code, output]).toEqual([0, '1,2,runs,3,1,down,runs,1,learned']);
  });
});
