import { describe, expect, it } from '@jest/globals';
import { Injectable, Module, Scope, type Type } from '@nestjs/common';
import { ContextIdFactory, ModuleRef } from '@nestjs/core';
import { CircuitBreaker, CircuitBreakerOpenError, CircuitBreakerRegistry } from 'nestjs-selfheal';
import { Applications, Backend, outcomeOf, type World } from '../../../support/nest-applications.js';

interface Client {
  get(): Promise<string>;
}

/** A class called `ApiClient` in a module of its own, with a breaker of this name. */
function apiClient(name?: string): { module: Type; client: Type<Client> } {
  const options = name === undefined ? {} : { name };
  @Injectable()
  class ApiClient implements Client {
    @CircuitBreaker(options)
    async get(): Promise<string> {
      return new Backend('F').ask();
    }
  }
  @Module({ providers: [ApiClient], exports: [ApiClient] })
  class ApiModule {}
  return { module: ApiModule, client: ApiClient };
}

const symbolic = Symbol('fetch it');

@Injectable()
class Symbolic {
  @CircuitBreaker()
  async [symbolic](): Promise<string> {
    return 'got';
  }
}

@Injectable({ scope: Scope.REQUEST })
class Carts {
  @CircuitBreaker()
  async load(): Promise<string> {
    return new Backend('F').ask();
  }
}

@Injectable()
class Orders {
  @CircuitBreaker('db')
  async place(): Promise<string> {
    return new Backend('F').ask();
  }
}

@Injectable()
class Invoices {
  @CircuitBreaker('db')
  async write(): Promise<string> {
    return new Backend('S').ask();
  }
}

async function failing(times: number, call: () => Promise<unknown>): Promise<void> {
  for (let each = 0; each < times; each += 1) await outcomeOf(call);
}

describe('whose breaker it is', () => {
  const applications = new Applications();

  async function startTwo(...clients: readonly { module: Type; client: Type<Client> }[]) {
    const world = await applications.start(
      { imports: clients.map(({ module }) => module) },
      { logger: true },
    );
    const [first, second] = clients.map(({ client }) => world.get(client));
    return { ...world, first: first as Client, second: second as Client };
  }

  it('NI-42: two classes of one name never share an unnamed breaker', async () => {
    const { first, second, get } = await startTwo(apiClient(), apiClient());
    const registry = get(CircuitBreakerRegistry);

    await failing(5, () => first.get());
    const { error } = await outcomeOf(() => second.get());

    expect(registry.names()).toEqual(['ApiClient.get', 'ApiClient.get#2']);
    expect(registry.get('ApiClient.get').state).toBe('open');
    expect(registry.get('ApiClient.get#2').state).toBe('closed');
    expect(error).not.toBeInstanceOf(CircuitBreakerOpenError);
    expect(
      applications.lines.own.filter((line) => line.includes('name') && line.includes('ApiClient.get')),
    ).toHaveLength(1);
  });

  it('NI-42: with one name they share it', async () => {
    const { first, second } = await startTwo(apiClient('api'), apiClient('api'));

    await failing(5, () => first.get());

    expect((await outcomeOf(() => first.get())).error).toBeInstanceOf(CircuitBreakerOpenError);
    expect((await outcomeOf(() => second.get())).error).toBeInstanceOf(CircuitBreakerOpenError);
  });

  it('N19: a method named by a symbol reads Class.[description]', async () => {
    const { get } = await applications.start({ providers: [Symbolic] });

    await get(Symbolic)[symbolic]();

    expect(get(CircuitBreakerRegistry).names()).toEqual(['Symbolic.[fetch it]']);
  });

  it('CB-37: an unnamed breaker of a request-scoped class is one for all instances', async () => {
    const { app } = await applications.start({ providers: [Carts] });
    const cart = () => app.get(ModuleRef).resolve(Carts, ContextIdFactory.create(), { strict: false });
    const [first, second, third] = await Promise.all([cart(), cart(), cart()]);

    await failing(2, () => first.load());
    await failing(3, () => second.load());

    expect(first).not.toBe(second);
    expect((await outcomeOf(() => third.load())).error).toBeInstanceOf(CircuitBreakerOpenError);
  });

  it('CB-38: methods that name one breaker share it', async () => {
    const { get } = await applications.start({ providers: [Orders, Invoices] });

    await failing(5, () => get(Orders).place());

    expect((await outcomeOf(() => get(Invoices).write())).error).toBeInstanceOf(CircuitBreakerOpenError);
  });

  it('CP-18: two applications with the same options share nothing', async () => {
    const options = { circuitBreakers: { db: { failureThreshold: 5 } } };
    const start = (): Promise<World> => applications.start({ providers: [Orders, Invoices] }, options);
    const [one, other] = [await start(), await start()];

    await failing(5, () => one.get(Orders).place());

    expect(one.get(CircuitBreakerRegistry).get('db').state).toBe('open');
    expect(other.get(CircuitBreakerRegistry).get('db').state).toBe('closed');
    expect(await other.get(Invoices).write()).toBe('S');
    expect(other.events.all).toEqual([]);
  });
});
