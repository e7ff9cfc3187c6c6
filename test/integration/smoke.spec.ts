import 'reflect-metadata';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Inject, Injectable, Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import core from '@nestjs/core/package.json' with { type: 'json' };
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { nestMajor } from '../support/nest-major.js';

@Injectable()
class Greeter {
  greet(): string {
    return 'hello';
  }
}

@Controller()
class GreetingController {
  constructor(@Inject(Greeter) private readonly greeter: Greeter) {}

  @Get()
  greeting(): string {
    return this.greeter.greet();
  }
}

@Module({ controllers: [GreetingController], providers: [Greeter] })
class GreetingModule {}

describe(`Nest ${nestMajor}`, () => {
  let app: INestApplication | undefined;

  afterEach(() => app?.close());

  it('answers on Express', async () => {
    app = await NestFactory.create(GreetingModule, new ExpressAdapter(), { logger: false });
    await app.listen(0, '127.0.0.1');

    const answer = await fetch(await app.getUrl());

    expect(await answer.text()).toBe('hello');
  });

  it('answers on Fastify', async () => {
    app = await NestFactory.create<NestFastifyApplication>(GreetingModule, new FastifyAdapter(), {
      logger: false,
    });
    await app.listen(0, '127.0.0.1');

    const answer = await fetch(await app.getUrl());

    expect(await answer.text()).toBe('hello');
  });

  it('is the version that this run is for', () => {
    expect(core.version).toMatch(new RegExp(`^${nestMajor}\\.`));
  });
});
