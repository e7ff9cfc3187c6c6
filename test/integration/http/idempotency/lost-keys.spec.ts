import { describe, expect, it } from '@jest/globals';
import { Controller, Post } from '@nestjs/common';
import { CallContext, Idempotent, MemoryIdempotencyStore } from 'nestjs-selfheal';
import { ManualClock } from 'nestjs-selfheal/testing';
import { Applications } from '../../../support/nest-applications.js';
import { nestMajor } from '../../../support/nest-major.js';
import { codeOf, Gate, open, PLATFORMS } from './shop.js';

const applications = new Applications();
let runs = 0;
let found: string | undefined;
let gate = new Gate();

@Controller()
class Slow {
  @Idempotent({ scope: 'shared' })
  @Post('plain')
  async plain(): Promise<object> {
    runs += 1;
    const run = runs;
    await gate.wait();
    return { run };
  }

  @Idempotent({ scope: 'shared', alreadyDone: () => found })
  @Post('looked')
  async looked(@CallContext() call?: CallContext): Promise<string> {
    runs += 1;
    await gate.wait();
    return `run ${runs}, recovered: ${call?.idempotency?.recovered}, key: ${call?.idempotency?.key}`;
  }
}

describe.each(PLATFORMS)(`keys that are lost and taken over on %s, Nest ${nestMajor}`, (platform) => {
  /** Two processes on one store, as far as it sees: neither renews, and the lease ends at a word. */
  const twoShops = async () => {
    const clock = new ManualClock();
    const store = new MemoryIdempotencyStore({ clock });
    const preparation = { options: { idempotency: { store } } };
    const metadata = { controllers: [Slow] };
    runs = 0;
    found = undefined;
    gate = new Gate();
    const one = await open(applications, platform, metadata, preparation);
    const two = await open(applications, platform, metadata, preparation);
    return { one, two, leaseEnds: () => clock.advance(31_000) };
  };

  it('ID-12: gives an owner that lost its key the answer of the other', async () => {
    const { one, two, leaseEnds } = await twoShops();

    const sent = one.send('/plain', { key: 'k', body: { a: 1 } });
    await gate.reached;
    await leaseEnds();
    const ofFirst = gate;
    gate = new Gate();
    gate.open();
    const second = await two.send('/plain', { key: 'k', body: { a: 1 } });
    ofFirst.open();
    const first = await sent;

    expect([second.status, second.text, second.isReplay]).toEqual([201, '{"run":2}', false]);
    expect([first.status, first.text, first.isReplay]).toEqual([201, '{"run":2}', true]);
    expect(first.headers['content-type']).toBe(second.headers['content-type']);
  });

  it('ID-12: refuses an owner that lost its key to one that still runs', async () => {
    const { one, two, leaseEnds } = await twoShops();

    const sent = one.send('/plain', { key: 'k' });
    await gate.reached;
    await leaseEnds();
    const ofFirst = gate;
    gate = new Gate();
    const second = two.send('/plain', { key: 'k' });
    await gate.reached;
    ofFirst.open();
    const first = await sent;
    gate.open();

    expect([first.status, codeOf(first)]).toEqual([409, 'RESILIENCE_IDEMPOTENCY_IN_FLIGHT']);
    expect([first.headers['cache-control'], first.headers['retry-after']]).toEqual(['no-store', '1']);
    expect((await second).status).toBe(201);
  });

  it('ID-64: takes what `alreadyDone` finds for a recovered key in the place of the method', async () => {
    const { one, two, leaseEnds } = await twoShops();

    const silent = one.send('/looked', { key: 'k' });
    await gate.reached;
    await leaseEnds();
    found = 'found';
    const second = await two.send('/looked', { key: 'k' });
    const third = await two.send('/looked', { key: 'k' });
    gate.open();
    await silent;

    expect([second.status, second.text, runs]).toEqual([201, 'found', 1]);
    expect([third.text, third.isReplay]).toEqual(['found', true]);
    expect(two.events.of('idempotency.executed')).toMatchObject([{ alreadyDone: true, recorded: 'stored' }]);
  });

  it('ID-64: runs for a recovered key where `alreadyDone` finds nothing', async () => {
    const { one, two, leaseEnds } = await twoShops();

    const silent = one.send('/looked', { key: 'k' });
    await gate.reached;
    await leaseEnds();
    const ofFirst = gate;
    gate = new Gate();
    gate.open();
    const second = await two.send('/looked', { key: 'k' });
    ofFirst.open();
    const first = await silent;

    expect(second.text).toBe('run 2, recovered: true, key: k');
    expect([first.text, first.isReplay]).toEqual([second.text, true]);
  });
});
