import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  type CallHandler,
  ConflictException,
  Controller,
  type ExecutionContext,
  type NestInterceptor,
  Post,
  UseInterceptors,
} from '@nestjs/common';
import { concat, map, Observable, of, throwError } from 'rxjs';
import { Idempotent, Retryable } from 'nestjs-selfheal';
import { Applications, AT_ONCE } from '../../../support/nest-applications.js';
import { httpError } from '../../../support/retry-world.js';
import { open, PLATFORMS } from './shop.js';

let runs = 0;
let envelopes = 0;

beforeEach(() => {
  runs = 0;
  envelopes = 0;
});

/** Fails once, after the method has given its value. */
class Envelope implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(
      map((data: unknown) => {
        envelopes += 1;
        if (envelopes === 1) throw new Error('no envelope');
        return { data };
      }),
    );
  }
}

@Controller()
class Streams {
  @Idempotent({ scope: 'shared' })
  @Post('last')
  last(): Observable<object> {
    runs += 1;
    return of({ value: 1 }, { value: 2, run: runs });
  }

  @Idempotent({ scope: 'shared' })
  @Post('refused')
  refused(): Observable<object> {
    runs += 1;
    return concat(
      of({ value: 1 }),
      throwError(() => new ConflictException(`taken ${runs}`)),
    );
  }

  @UseInterceptors(Envelope)
  @Idempotent({ scope: 'shared' })
  @Post('enveloped')
  enveloped(): Observable<object> {
    runs += 1;
    return of({ value: 1 }, { value: 2, run: runs });
  }

  @Idempotent({ scope: 'shared' })
  @Retryable({ ...AT_ONCE, retryUnsafe: true })
  @Post('retried')
  retried(): Observable<object> {
    runs += 1;
    return runs < 3 ? throwError(() => httpError(503)) : of({ run: runs });
  }

  @Idempotent({ key: () => 'k' })
  @Post('keyed')
  keyed(): Observable<object> {
    runs += 1;
    return of({ value: 1 }, { value: 2, run: runs });
  }
}

describe.each(PLATFORMS)('guarded routes that give an Observable, on %s', (platform) => {
  const applications = new Applications();
  const twice = async (path: string) => {
    const shop = await open(
      applications,
      platform,
      { controllers: [Streams] },
      { options: { httpErrors: true } },
    );
    const ask = () => shop.send(path, { key: 'k', body: {} });
    return [await ask(), await ask()] as const;
  };

  it.each(['/last', '/keyed'])(
    '%s is answered with the last value, and its replay with the same bytes',
    async (path) => {
      const [first, second] = await twice(path);

      expect([first.status, first.text]).toEqual([201, '{"value":2,"run":1}']);
      expect([second.status, second.text, second.isReplay]).toEqual([201, first.text, true]);
      expect(runs).toBe(1);
    },
  );

  it('an error after a value is the answer, and is replayed', async () => {
    const [first, second] = await twice('/refused');

    expect([first.status, second.status]).toEqual([409, 409]);
    expect(second.text).toBe(first.text);
    expect(runs).toBe(1);
  });

  it('ID-42: what stands around the method fails once, and the method is not run again', async () => {
    const [first, second] = await twice('/enveloped');

    expect([first.status, second.status]).toEqual([500, 201]);
    expect(second.text).toBe('{"data":{"value":2,"run":1}}');
    expect(runs).toBe(1);
  });

  it('all attempts of a retry run under one claim', async () => {
    const [first, second] = await twice('/retried');

    expect([first.status, first.text]).toEqual([201, '{"run":3}']);
    expect([second.text, second.isReplay]).toEqual([first.text, true]);
  });
});
