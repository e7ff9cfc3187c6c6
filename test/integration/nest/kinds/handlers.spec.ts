import { beforeEach, describe, expect, it } from '@jest/globals';
import { type CanActivate, Controller, Get, Param, ParseIntPipe, UseGuards } from '@nestjs/common';
import { Retryable } from 'nestjs-selfheal';
import { Applications, AT_ONCE, Backend, type Platform } from '../../../support/nest-applications.js';

let backend: Backend;
let guarded = 0;

beforeEach(() => {
  backend = new Backend('F,F,S');
  guarded = 0;
});

class CountingGuard implements CanActivate {
  canActivate(): boolean {
    guarded += 1;
    return true;
  }
}

@Controller()
class ItemsController {
  @Retryable(AT_ONCE)
  @Get('above/:id')
  @UseGuards(CountingGuard)
  async above(@Param('id', ParseIntPipe) id: number): Promise<unknown> {
    return [backend.next(), id];
  }

  @Get('below/:id')
  @UseGuards(CountingGuard)
  @Retryable(AT_ONCE)
  async below(@Param('id', ParseIntPipe) id: number): Promise<unknown> {
    return [backend.next(), id];
  }
}

describe.each<Platform>(['Express', 'Fastify'])('route handlers, on %s', (platform) => {
  const applications = new Applications();

  it.each(['above', 'below'])(
    'CP-20: route, guard and pipe work, and the handler is retried (%s)',
    async (path) => {
      const { address } = await applications.listen(platform, { controllers: [ItemsController] });

      const answer = await fetch(`${address}/${path}/7`);
      const refused = await fetch(`${address}/${path}/seven`);

      expect([answer.status, await answer.json()]).toEqual([200, ['S', 7]]);
      expect([refused.status, backend.runs, guarded]).toEqual([400, 3, 2]);
    },
  );
});
