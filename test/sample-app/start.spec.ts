import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { leftOf, Running } from './running.js';

const SECONDS = 1_000;
/** Three upstreams and the application. */
const PROCESSES = 4;

async function checkout(url: string): Promise<Response> {
  return fetch(`${url}/checkout`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ orderId: 'order-1', sku: 'lamp', quantity: 2 }),
  });
}

describe('npm start', () => {
  let shop: Running;

  afterEach(() => shop.end());

  it(
    'serves the shop until Ctrl-C',
    async () => {
      shop = new Running('start.mjs', [], { PORT: '0' });
      const [, url = ''] = await shop.printed(/checkout +(http:\S+)/);
      const pids = shop.descendants();

      const [, livePage = ''] = await shop.printed(/live page +(http:\S+)/);
      const page = await fetch(livePage);
      const answer = await checkout(url);

      expect(shop.out).not.toContain('is taken');
      expect([page.status, answer.status]).toEqual([200, 201]);
      expect(await answer.json()).toMatchObject({ orderId: 'order-1', degraded: [] });
      shop.process.kill('SIGINT');
      expect(await shop.ended).toBe(0);
      expect(pids).toHaveLength(PROCESSES);
      expect(await leftOf(pids)).toEqual([]);
    },
    60 * SECONDS,
  );

  it(
    'takes another port when the wanted one is taken, and says so',
    async () => {
      const other = createServer();
      await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
      const { port } = other.address() as AddressInfo;

      shop = new Running('start.mjs', [], { PORT: String(port) });
      const [, url = ''] = await shop.printed(/checkout +(http:\S+)/);

      expect(shop.out).toContain(`Port ${port} is taken`);
      expect(url).not.toContain(`:${port}`);
      expect((await fetch(`${url}/stats`)).status).toBe(200);
      await new Promise((resolve) => other.close(resolve));
    },
    60 * SECONDS,
  );

  it(
    'refuses a port that is none',
    async () => {
      shop = new Running('start.mjs', [], { PORT: 'http' });

      expect(await shop.ended).toBe(2);
      expect(shop.err).toContain('PORT');
    },
    60 * SECONDS,
  );
});
