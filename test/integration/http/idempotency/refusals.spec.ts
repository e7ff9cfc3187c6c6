import { describe, expect, it } from '@jest/globals';
import {
  Body,
  type CanActivate,
  Controller,
  type ExecutionContext,
  HttpException,
  Injectable,
  type PipeTransform,
  Post,
  BadRequestException,
  UseGuards,
} from '@nestjs/common';
import { Idempotent } from 'nestjs-selfheal';
import { Applications } from '../../../support/nest-applications.js';
import { nestMajor } from '../../../support/nest-major.js';
import { codeOf, Gate, open, PLATFORMS } from './shop.js';

const applications = new Applications();

@Injectable()
class Bouncer implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string> }>();
    const status = Number(headers['x-deny']);
    if (status > 0) throw new HttpException('denied', status);
    return true;
  }
}

class Amount implements PipeTransform {
  transform(body: { readonly amount?: unknown }): unknown {
    if (typeof body.amount !== 'number') throw new BadRequestException('amount must be a number');
    return body;
  }
}

let runs = 0;
let gate: Gate | undefined;

@Controller()
class Orders {
  @UseGuards(Bouncer)
  @Idempotent({ scope: 'shared' })
  @Post('orders')
  async create(
    @Body(new Amount()) body: { readonly amount: number },
  ): Promise<{ id: number; amount: number }> {
    runs += 1;
    const id = runs;
    await gate?.wait();
    return { id, amount: body.amount };
  }

  @Idempotent({ scope: 'shared', required: false })
  @Post('optional')
  async optional(): Promise<string> {
    runs += 1;
    return `run ${runs}`;
  }
}

describe.each(PLATFORMS)(`refusals of keys on %s, Nest ${nestMajor}`, (platform) => {
  const openOrders = async () => {
    runs = 0;
    gate = undefined;
    return open(applications, platform, { controllers: [Orders] });
  };

  it('ID-28: answers 400 to a key that is missing or cannot be read, and nothing runs', async () => {
    const shop = await openOrders();
    // Joined, the last two are one structured string.
    const twice = [
      ['a', 'b'],
      ['"a', 'b"'],
    ];
    const sent = [undefined, '', '   ', 'k'.repeat(256), 'a\tb', 'é', ...twice];

    const refusals = [];
    for (const key of sent) {
      const headers = key === undefined ? {} : { 'Idempotency-Key': key };
      const answer = await shop.send('/orders', { headers, body: { amount: 1 } });
      refusals.push([answer.status, codeOf(answer)]);
    }

    const invalid = [400, 'RESILIENCE_IDEMPOTENCY_KEY_INVALID'];
    expect(refusals).toEqual([
      [400, 'RESILIENCE_IDEMPOTENCY_KEY_MISSING'],
      ...Array.from({ length: 7 }, () => invalid),
    ]);
    expect(runs).toBe(0);
    expect(shop.events.kinds.filter((kind) => kind.startsWith('idempotency'))).toEqual([]);
  });

  it('ID-28: takes 255 characters, and runs unguarded without a key where none is required', async () => {
    const shop = await openOrders();

    const longest = await shop.send('/orders', { key: 'k'.repeat(255), body: { amount: 1 } });
    const first = await shop.send('/optional');
    const second = await shop.send('/optional');
    const invalid = await shop.send('/optional', { key: 'k'.repeat(256) });

    expect(longest.status).toBe(201);
    expect([first.text, second.text]).toEqual(['run 2', 'run 3']);
    expect([invalid.status, runs]).toEqual([400, 3]);
  });

  it('replays a completed key, bare or as a structured string, and refuses it with another body', async () => {
    const shop = await openOrders();

    const first = await shop.send('/orders', { key: 'one', body: { amount: 7 } });
    const second = await shop.send('/orders', { key: '"one"', body: { amount: 7 } });
    const other = await shop.send('/orders', { key: 'one', body: { amount: 8 } });

    expect([first.status, first.text, first.isReplay]).toEqual([201, '{"id":1,"amount":7}', false]);
    expect([second.status, second.text, second.isReplay]).toEqual([201, first.text, true]);
    expect([other.status, codeOf(other)]).toEqual([422, 'RESILIENCE_IDEMPOTENCY_MISMATCH']);
    expect(other.headers['cache-control']).toBe('no-store');
    expect(runs).toBe(1);
  });

  it('ID-29: refuses a key in flight with 409, and with 422 where the body is another', async () => {
    const shop = await openOrders();
    gate = new Gate();

    const owner = shop.send('/orders', { key: 'busy', body: { amount: 1 } });
    await gate.reached;
    const same = await shop.send('/orders', { key: 'busy', body: { amount: 1 } });
    const other = await shop.send('/orders', { key: 'busy', body: { amount: 2 } });
    gate.open();
    const first = await owner;

    expect([same.status, codeOf(same)]).toEqual([409, 'RESILIENCE_IDEMPOTENCY_IN_FLIGHT']);
    expect(same.headers['retry-after']).toBe('1');
    expect(other.status).toBe(422);
    expect([same, other].map(({ headers }) => headers['cache-control'])).toEqual(['no-store', 'no-store']);
    expect([first.status, runs]).toEqual([201, 1]);
  });

  it('ID-35: keeps nothing of a request that a pipe or a guard refuses', async () => {
    const shop = await openOrders();

    const refused = await shop.send('/orders', { key: 'typo', body: { amount: 'one' } });
    const denied = [];
    for (const status of ['401', '403', '429']) {
      const headers = { 'X-Deny': status };
      denied.push((await shop.send('/orders', { key: 'typo', headers, body: { amount: 0 } })).status);
    }
    const corrected = await shop.send('/orders', { key: 'typo', body: { amount: 1 } });

    expect(refused.status).toBe(400);
    expect(denied).toEqual([401, 403, 429]);
    expect([corrected.status, corrected.isReplay, runs]).toEqual([201, false, 1]);
  });
});
