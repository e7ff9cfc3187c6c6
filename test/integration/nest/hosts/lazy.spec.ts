import { describe, expect, it } from '@jest/globals';
import { Module, Scope, type Type } from '@nestjs/common';
import { LazyModuleLoader, ModulesContainer } from '@nestjs/core';
import { Fallback, InvalidOptionsError, ResilienceModule, Retryable } from 'nestjs-selfheal';
import { Applications, AT_ONCE, Backend, outcomeOf } from '../../../support/nest-applications.js';

describe('lazily loaded modules', () => {
  const applications = new Applications();
  const TOKEN = Symbol('RESERVE');

  class Lazy {
    readonly backend = new Backend('F,F,S');

    @Retryable('lazy')
    async ask(): Promise<string> {
      return this.backend.next();
    }

    @Retryable({ maxAttempts: 0 })
    async wrong(): Promise<string> {
      return this.backend.next();
    }

    @Fallback('nope')
    async nowhere(): Promise<string> {
      return this.backend.next();
    }

    @Fallback({ use: 'nobody' })
    async nobody(): Promise<string> {
      return this.backend.next();
    }

    @Fallback({ use: TOKEN })
    async reserved(): Promise<string> {
      return this.backend.next();
    }
  }
  class Early {
    @Fallback({ use: ModulesContainer })
    async ask(): Promise<string> {
      throw Object.assign(new Error('down'), { status: 503 });
    }
  }
  const reserve = { provide: TOKEN, useValue: { fallback: () => 'reserve' } };
  const lazyModule = (): Type<unknown> => {
    @Module({
      imports: [ResilienceModule.forFeature({ retries: { lazy: AT_ONCE } })],
      providers: [Lazy, reserve],
    })
    class LazyModule {}
    return LazyModule;
  };

  it.each([true, false])('NI-08: is wired, with forFeature of its own, isGlobal %s', async (isGlobal) => {
    const { app, events } = await applications.start({}, { isGlobal });
    const module = await app.get(LazyModuleLoader).load(lazyModule);

    expect(await module.get(Lazy).ask()).toBe('S');

    expect(module.get(Lazy).backend.runs).toBe(3);
    expect(events.of('retry.recovered')).toHaveLength(1);
  });

  it.each(['wrong', 'nowhere', 'nobody'] as const)('NI-08: rejects the first call of %s', async (method) => {
    const { app } = await applications.start({});
    const lazy = (await app.get(LazyModuleLoader).load(lazyModule)).get(Lazy);

    const first = await outcomeOf(() => lazy[method]());
    const second = await outcomeOf(() => lazy[method]());

    expect(first.error).toBeInstanceOf(InvalidOptionsError);
    expect(String(first.error)).toContain(`Lazy.${method}`);
    expect(second.error).toBe(first.error);
    expect(lazy.backend.runs).toBe(0);
  });

  it.each(['factory', 'asynchronous factory', 'value', 'request-scoped factory'])(
    'N9: is wired where Nest did not build the instance: %s',
    async (way) => {
      const { app, events } = await applications.start({}, { retries: { lazy: AT_ONCE } });
      const scope = way === 'request-scoped factory' ? { scope: Scope.REQUEST } : {};
      const useFactory = way === 'asynchronous factory' ? async () => new Lazy() : () => new Lazy();
      const made = way === 'value' ? { useValue: new Lazy() } : { useFactory, ...scope };
      @Module({ providers: [{ provide: 'made', ...made }] })
      class LazyModule {}
      const module = await app.get(LazyModuleLoader).load(() => LazyModule);

      const lazy = await module.resolve<Lazy>('made').catch(() => module.get<Lazy>('made'));

      expect(await lazy.ask()).toBe('S');
      expect(lazy.backend.runs).toBe(3);
      expect(events.of('retry.recovered')).toHaveLength(1);
    },
  );

  it('a bad feature is the affair of the methods that name its policies, and of no other', async () => {
    class Late {
      readonly runs: string[] = [];

      @Retryable('hasty')
      async named(): Promise<void> {
        this.runs.push('named');
      }

      @Retryable()
      async innocent(): Promise<void> {
        this.runs.push('innocent');
      }
    }
    const { app } = await applications.start({});
    const late = await app.get(LazyModuleLoader).load(() => {
      @Module({
        imports: [ResilienceModule.forFeature({ retries: { hasty: { maxAttempts: 0 } } })],
        providers: [Late],
      })
      class LateModule {}
      return LateModule;
    });
    const instance = late.get(Late);

    await instance.innocent();
    const first = await outcomeOf(() => instance.named());
    const second = await outcomeOf(() => instance.named());

    expect(String(first.error)).toContain('forFeature.retries.hasty: retry.maxAttempts');
    expect(second.error).toBe(first.error);
    expect(instance.runs).toEqual(['innocent']);
  });

  it('finds a fallback provider of the lazy module', async () => {
    const { app } = await applications.start({ providers: [Early] });
    // What a `ModuleRef` knows is what there was when it was first asked.
    await outcomeOf(() => app.get(Early).ask());
    const lazy = (await app.get(LazyModuleLoader).load(lazyModule)).get(Lazy);

    expect(await outcomeOf(() => lazy.reserved())).toEqual({ value: 'reserve' });
  });
});
