// One side of the comparison, in a process of its own: an application with ten thousand events a second, with or
// without the page and three clients that never read. Prints what it measured as JSON.
import 'reflect-metadata';
import { connect } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { Controller, Get } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  CircuitBreaker,
  CircuitBreakerRegistry,
  ResilienceEvents,
  ResilienceModule,
  Retryable,
} from 'nestjs-selfheal';
import { ResilienceDashboardModule } from 'nestjs-selfheal/dashboard';

// `without` the page; `unseen`: with it, and nobody looks; `seen`: by clients that never read.
const [mode = 'seen', seconds = '10'] = process.argv.slice(2);
const EVENTS_PER_SECOND = 10_000;
/** Each refused call tells of the refusal and of the retry that gave up. */
const EVENTS_PER_CALL = 2;
const BURST_MS = 10;
const SLOW_CLIENTS = 3;
const METHODS = 500;
const WARM_UP_MS = 3_000;

function decorate(prototype, name, ...decorators) {
  const descriptor = Object.getOwnPropertyDescriptor(prototype, name);
  for (const decorator of decorators) decorator(prototype, name, descriptor);
  Object.defineProperty(prototype, name, descriptor);
}

class Dependencies {}
for (let index = 0; index < METHODS; index += 1) {
  const name = `method${index}`;
  Object.defineProperty(Dependencies.prototype, name, {
    value: async () => 'fine',
    configurable: true,
    writable: true,
  });
  decorate(Dependencies.prototype, name, CircuitBreaker('dependency'), Retryable());
}

class Ping {
  ping() {
    return 'pong';
  }
}
decorate(Ping.prototype, 'ping', Get());
Controller('ping')(Ping);

class App {}

async function started() {
  const imports = [ResilienceModule.forRoot({ logger: false })];
  if (mode !== 'without') imports.push(ResilienceDashboardModule.forRoot());
  const module = { module: App, imports, providers: [Dependencies], controllers: [Ping] };
  const app = await NestFactory.create(module, { logger: false });
  await app.listen(0, '127.0.0.1');
  app.get(CircuitBreakerRegistry).get('dependency').forceOpen();
  return app;
}

/**
 * Calls refused methods at a steady pace. What a machine that is busy with other things makes us miss is not made up
 * for: a burst of it would be another test.
 */
function flood(dependencies) {
  const perBurst = (EVENTS_PER_SECOND / EVENTS_PER_CALL / 1_000) * BURST_MS;
  let calls = 0;
  const timer = setInterval(() => {
    for (let count = 0; count < perBurst; count += 1, calls += 1) {
      dependencies[`method${calls % METHODS}`]().catch(() => undefined);
    }
  }, BURST_MS);
  return { stop: () => clearInterval(timer), calls: () => calls };
}

/** Clients that ask for the stream and take nothing of it. */
function slowClients(port) {
  return Array.from({ length: SLOW_CLIENTS }, () => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.pause();
    socket.write('GET /resilience/events HTTP/1.1\r\nHost: localhost\r\n\r\n');
    return socket;
  });
}

/** Latencies of a route as another thread sees them, one request after the other. */
function latencies(port, forMs) {
  const worker = new Worker(new URL('asker.mjs', import.meta.url), { workerData: { port, forMs } });
  return new Promise((resolve, reject) => worker.on('message', resolve).on('error', reject));
}

function heapMb() {
  globalThis.gc();
  return process.memoryUsage().heapUsed / 2 ** 20;
}

const app = await started();
const { port } = app.getHttpServer().address();
const sockets = mode === 'seen' ? slowClients(port) : [];
let events = 0;
// On both sides: what is compared is the page, not the telling of events.
const subscription = app.get(ResilienceEvents).subscribe(() => (events += 1));
const running = flood(app.get(Dependencies));
await delay(WARM_UP_MS);
const heapBefore = heapMb();
const [eventsBefore, callsBefore] = [events, running.calls()];
const loop = monitorEventLoopDelay({ resolution: 5 });
loop.enable();
const cpuBefore = process.cpuUsage();
const took = await latencies(port, Number(seconds) * 1_000);
const cpu = process.cpuUsage(cpuBefore);
const result = {
  mode,
  ...took,
  longestTurnMs: loop.max / 1e6,
  cpuShare: (cpu.user + cpu.system) / 1_000 / (Number(seconds) * 1_000),
  callsPerSecond: (running.calls() - callsBefore) / Number(seconds),
  eventsPerSecond: (events - eventsBefore) / Number(seconds),
  heapBeforeMb: heapBefore,
  heapAfterMb: heapMb(),
};
running.stop();
subscription.unsubscribe();
for (const socket of sockets) socket.destroy();
await app.close();
process.stdout.write(`${JSON.stringify(result)}\n`);
