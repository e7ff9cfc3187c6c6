import { describe, expect, it } from '@jest/globals';
import { ConflictException, Controller, Post } from '@nestjs/common';
import { Idempotent } from 'nestjs-selfheal';
import { Applications } from '../../../support/nest-applications.js';
import { open, PLATFORMS } from './shop.js';

const applications = new Applications();
let runs = 0;

@Controller()
class Feeds {
  @Idempotent({ scope: 'shared' })
  @Post('parts')
  async *parts(): AsyncGenerator<string> {
    runs += 1;
    yield 'one ';
    await Promise.resolve();
    yield `of run ${runs}`;
  }

  @Idempotent({ scope: 'shared', required: false })
  @Post('optional')
  async *optional(): AsyncGenerator<string> {
    runs += 1;
    yield `run ${runs}`;
  }

  @Idempotent({ scope: 'shared' })
  @Post('refusing')
  async *refusing(): AsyncGenerator<string> {
    runs += 1;
    if (runs > 0) throw new ConflictException(`run ${runs}`);
    yield 'never';
  }

  @Idempotent({ key: () => 'k', scope: ({ request }) => String((request as { url: string }).url) })
  @Post('keyed')
  async *keyed(): AsyncGenerator<string> {
    runs += 1;
    yield `run ${runs}`;
  }

  @Idempotent({ scope: 'shared' })
  @Post('missing')
  async missing(): Promise<unknown> {
    runs += 1;
    return new Response(`run ${runs}`, { status: 404, headers: { 'content-type': 'text/plain' } });
  }

  @Idempotent({ scope: 'shared' })
  @Post('unavailable')
  async unavailable(): Promise<unknown> {
    runs += 1;
    return new Response(`run ${runs}`, { status: 503, headers: { 'content-type': 'text/plain' } });
  }
}

// Nest 11 sends neither an async iterable nor what `fetch` gives, hence the name of this file.
describe('bodies that Nest 12 sends as they are made', () => {
  describe.each(PLATFORMS)('on %s', (platform) => {
    const twice = async (path: string, sending = { key: 'k' }): Promise<unknown[]> => {
      runs = 0;
      const shop = await open(applications, platform, { controllers: [Feeds] });
      const answers = [await shop.send(path, sending), await shop.send(path, sending)];
      return answers.map(({ status, text, isReplay }) => [status, /.*run \d/.exec(text)?.[0], isReplay]);
    };

    it('an async iterable is sent and replayed', async () => {
      expect(await twice('/parts')).toEqual([
        [201, 'one of run 1', false],
        [201, 'one of run 1', true],
      ]);
    });

    it('an async iterable is guarded where a key is optional, too', async () => {
      expect(await twice('/optional')).toEqual([
        [201, 'run 1', false],
        [201, 'run 1', true],
      ]);
    });

    it('an async iterable is guarded where the key is made of the arguments, too', async () => {
      expect(await twice('/keyed')).toEqual([
        [201, 'run 1', false],
        [201, 'run 1', true],
      ]);
    });

    it('an async iterable that fails before its first value is answered by its error, once', async () => {
      const answers = await twice('/refusing');

      expect(answers).toEqual([
        [409, expect.stringContaining('run 1'), false],
        [409, expect.stringContaining('run 1'), true],
      ]);
    });

    it('the status of a whole answer is the word of its method', async () => {
      expect(await twice('/missing')).toEqual([
        [404, 'run 1', false],
        [404, 'run 1', true],
      ]);
      expect(await twice('/unavailable')).toEqual([
        [503, 'run 1', false],
        [503, 'run 2', false],
      ]);
    });
  });
});
