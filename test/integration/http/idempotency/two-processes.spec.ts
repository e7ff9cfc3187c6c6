import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Redis } from 'ioredis';
import { type Ended, Project } from '../../../support/child-process.js';
import { nestMajor } from '../../../support/nest-major.js';
import { freePort } from '../../../support/servers/guarded-process.js';
import { startRedis, type TestRedis } from '../../../support/servers/redis-server.js';
import type { OrderServerSettings } from './order-server.js';
import { type Answer, codeOf, PLATFORMS, send, type Sending } from './shop.js';

// A process needs its time to start, however quick the machine is.
jest.setTimeout(120_000);

const PEERS = ['common', 'core', 'platform-express', 'platform-fastify'].map((name) => `@nestjs/${name}`);
const IN_FLIGHT = 'RESILIENCE_IDEMPOTENCY_IN_FLIGHT';
const LEASE_SECONDS = 10;

/** A server in a process of its own. */
interface OrderServer {
  readonly pid: number;
  /** Resolves when the process has ended. */
  readonly ended: Promise<Ended>;
  post(path: string, key: string, body?: Sending['body']): Promise<Answer>;
}

let project: Project;
let redis: TestRedis;
let notes: Redis;
let source: string;
const servers: OrderServer[] = [];

beforeAll(async () => {
  project = await Project.create(...PEERS, 'reflect-metadata', 'rxjs', 'ioredis');
  redis = await startRedis();
  notes = new Redis(redis.url);
  source = await readFile(join(import.meta.dirname, 'order-server.ts'), 'utf8');
});

afterAll(async () => {
  for (const { pid } of servers) end(pid);
  await Promise.all(servers.map(({ ended }) => ended));
  await notes.quit();
  await redis.stop();
  await project.remove();
});

/** It may have ended by itself. */
function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Then there is nothing to do.
  }
}

async function startServer(platform: OrderServerSettings['platform']): Promise<OrderServer> {
  const { url: redisUrl, namespace } = redis;
  const settings: OrderServerSettings = { platform, port: await freePort(), redisUrl, namespace };
  const address = `http://127.0.0.1:${settings.port}`;
  let isOver = false;
  const told = `process.env['ORDER_SERVER'] = ${JSON.stringify(JSON.stringify(settings))};`;
  const ended = project.run(`${told}\n${source}`).finally(() => (isOver = true));
  for (;;) {
    const pid = await send(`${address}/pid`, { method: 'GET' }).catch(() => undefined);
    if (pid?.status === 200) {
      const post = (path: string, key: string, body: Sending['body'] = { a: 1 }): Promise<Answer> =>
        send(`${address}${path}`, { key, body });
      const server = { pid: Number(pid.text), ended, post };
      servers.push(server);
      return server;
    }
    if (isOver) throw new Error(`the server ended before it listened: ${(await ended).output}`);
    await wait(20);
  }
}

const nameOf = (name: string): string => `${redis.namespace}:${name}`;
const noted = (name: string): Promise<string | null> => notes.get(nameOf(name));
const openGate = (name: string): Promise<unknown> => notes.set(nameOf(`gate:${name}`), '1');
const runsOf = (key: string): Promise<string | null> => noted(`runs:${key}`);
const newKey = (): string => randomUUID();

async function until(name: string, value: string): Promise<void> {
  while ((await noted(name)) !== value) await wait(5);
}

describe.each(PLATFORMS)(`two processes over one Redis on %s, Nest ${nestMajor}`, (platform) => {
  let one: OrderServer;
  let two: OrderServer;

  beforeAll(async () => {
    [one, two] = await Promise.all([startServer(platform), startServer(platform)]);
  });

  const fifty = (path: string, key: string): Promise<Answer[]> =>
    Promise.all(Array.from({ length: 50 }, (_, number) => (number % 2 ? one : two).post(path, key)));

  it('ID-30: run one of 50 concurrent equal requests, and refuse the others or give them its answer', async () => {
    const key = newKey();

    const answers = await fifty('/refusing', key);

    expect(await runsOf(key)).toBe('1');
    const own = answers.filter(({ status, isReplay }) => status === 201 && !isReplay);
    const refused = answers.filter(({ status }) => status === 409);
    const replayed = answers.filter(({ isReplay }) => isReplay);
    expect(own).toHaveLength(1);
    expect(own.length + refused.length + replayed.length).toBe(50);
    expect(refused.length).toBeGreaterThan(0);
    for (const answer of refused) {
      const { 'retry-after': retryAfter = '', 'cache-control': cached } = answer.headers;
      expect([codeOf(answer), cached, answer.isReplay]).toEqual([IN_FLIGHT, 'no-store', false]);
      expect(retryAfter).toMatch(/^\d+$/);
      expect(Number(retryAfter)).toBeGreaterThanOrEqual(1);
      expect(Number(retryAfter)).toBeLessThanOrEqual(LEASE_SECONDS);
    }
    const later = [await one.post('/refusing', key), await two.post('/refusing', key)];
    for (const { status, text, isReplay } of [...replayed, ...later]) {
      expect([status, text, isReplay]).toEqual([201, own[0]?.text, true]);
    }
  });

  it('ID-30: run one of 50 concurrent equal requests that wait, and give all of them its answer', async () => {
    const key = newKey();

    const answers = await fifty('/waiting', key);

    expect(await runsOf(key)).toBe('1');
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(answers[0]?.status).toBe(201);
    expect(answers.filter(({ isReplay }) => isReplay)).toHaveLength(49);
  });

  it('ID-12: give the client of a process that was stopped past its lease what its successor answered', async () => {
    const key = newKey();

    const sent = one.post('/gated', key);
    await until(`runs:${key}`, '1');
    process.kill(one.pid, 'SIGSTOP');
    await openGate(`${key}:2`);
    const second = await two.post('/gated', key);
    await openGate(`${key}:1`);
    process.kill(one.pid, 'SIGCONT');
    const first = await sent;

    const answer = JSON.stringify({ run: 2, of: two.pid });
    expect([second.status, second.text, second.isReplay]).toEqual([201, answer, false]);
    expect([first.status, first.text, first.isReplay]).toEqual([201, answer, true]);
    expect(await runsOf(key)).toBe('2');
  });

  it('ID-12: refuse the client of a process that was stopped past its lease while its successor still runs', async () => {
    const key = newKey();

    const sent = one.post('/gated', key);
    await until(`runs:${key}`, '1');
    process.kill(one.pid, 'SIGSTOP');
    const second = two.post('/gated', key);
    await until(`runs:${key}`, '2');
    await openGate(`${key}:1`);
    process.kill(one.pid, 'SIGCONT');
    const first = await sent;
    await openGate(`${key}:2`);

    expect([first.status, codeOf(first), first.isReplay]).toEqual([409, IN_FLIGHT, false]);
    expect(Number(first.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    expect(await second).toMatchObject({ status: 201, text: JSON.stringify({ run: 2, of: two.pid }) });
    expect(await one.post('/gated', key)).toMatchObject({ status: 201, text: (await second).text });
  });

  it('ID-17: tell an owner that blocked its event loop past its lease that somebody else has its claim', async () => {
    const key = newKey();
    const folder = await mkdtemp(join(tmpdir(), 'selfheal-blocked-'));
    const blockUntil = join(folder, 'go-on');

    const sent = one.post('/blocked', key, { blockUntil });
    await until(`runs:${key}`, '1');
    const second = await two.post('/blocked', key, { blockUntil });
    await writeFile(blockUntil, '');
    const first = await sent;
    await rm(folder, { recursive: true });

    expect([second.status, second.text]).toEqual([201, JSON.stringify({ run: 2, of: two.pid })]);
    expect(await noted(`aborted:${key}`)).toBe('true');
    expect([first.status, first.text, first.isReplay]).toEqual([201, second.text, true]);
  });

  it('ID-18: on SIGTERM what runs is answered and recorded, what waits in a pipe is not, nothing begins', async () => {
    const leaving = await startServer(platform);
    const keys = [newKey(), newKey(), newKey()];
    const [piped, late] = [newKey(), newKey()];
    const before = Number(await noted('piped'));
    await notes.del(nameOf('gate:pipe'), nameOf('closing'));

    const running = keys.map((key) => leaving.post('/gated', key));
    const waiting = leaving.post('/piped', piped);
    await Promise.all([...keys.map((key) => until(`runs:${key}`, '1')), until('piped', String(before + 1))]);
    process.kill(leaving.pid, 'SIGTERM');
    await until('closing', '1');
    const refused = await leaving.post('/refusing', late);
    await Promise.all([...keys.map((key) => openGate(`${key}:1`)), openGate('pipe')]);
    const answers = await Promise.all(running);
    const unentered = await waiting;
    const { code, output } = await leaving.ended;

    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
    expect([unentered.status, refused.status]).toEqual([503, 503]);
    expect([await runsOf(piped), await runsOf(late)]).toEqual([null, null]);
    expect([code, output]).toEqual([0, '']);
    const replays = await Promise.all(keys.map((key) => two.post('/gated', key)));
    expect(replays.map(({ text, isReplay }) => [text, isReplay])).toEqual(
      answers.map(({ text }) => [text, true]),
    );
    expect(await two.post('/piped', piped)).toMatchObject({
      status: 201,
      text: JSON.stringify({ run: 1, of: two.pid }),
    });
  });
});
