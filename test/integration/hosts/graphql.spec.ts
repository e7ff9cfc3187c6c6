import { describe, expect, it } from '@jest/globals';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { type CanActivate, Inject, ParseIntPipe, UseGuards } from '@nestjs/common';
import { Args, GraphQLModule, Int, Query, Resolver } from '@nestjs/graphql';
import { Applications } from '../../support/nest-applications.js';
import { httpError } from '../../support/retry-world.js';
import { Flaky, Guarded, REFUSED, Retried } from './payments.js';

const asked: string[] = [];

class Watched implements CanActivate {
  canActivate(): boolean {
    asked.push('guard');
    return true;
  }
}

@Resolver()
class PaymentsResolver {
  constructor(@Inject(Flaky) private readonly flaky: Flaky) {}

  @Query(() => String)
  @UseGuards(Watched)
  @Retried()
  async charge(@Args('cents', { type: () => Int }, ParseIntPipe) cents: number): Promise<string> {
    return this.flaky.work(`charged ${cents}`);
  }

  @Guarded()
  @Query(() => String)
  async refund(): Promise<string> {
    throw httpError(503);
  }
}

describe('a resolver on Apollo', () => {
  const applications = new Applications();

  const start = () =>
    applications.listen(
      'Express',
      {
        imports: [GraphQLModule.forRoot<ApolloDriverConfig>({ driver: ApolloDriver, autoSchemaFile: true })],
        providers: [Flaky, PaymentsResolver],
      },
      { httpErrors: true },
    );

  async function query(address: string, text: string): Promise<unknown> {
    const answer = await fetch(`${address}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: text }),
    });
    return answer.json();
  }

  it('is retried: a query may be repeated although it comes by POST', async () => {
    asked.length = 0;
    const { address, get } = await start();

    const answer = await query(address, '{ charge(cents: 5) }');

    expect(answer).toEqual({ data: { charge: 'charged 5' } });
    expect(get(Flaky).runs).toBe(3);
    expect(asked).toEqual(['guard']);
  });

  it('answers an open breaker with code and wait in the extensions of the error', async () => {
    const { address } = await start();
    await query(address, '{ refund }');

    const answer = await query(address, '{ refund }');

    expect(answer).toMatchObject({ errors: [{ path: ['refund'], extensions: REFUSED }] });
  });
});
