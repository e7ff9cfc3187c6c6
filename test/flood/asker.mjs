// Asks a route again and again and tells how long it took.
import { Agent, get } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';

const { port, forMs } = workerData;
const PAUSE_MS = 1;
const agent = new Agent({ keepAlive: true });
const samples = [];

function ask() {
  return new Promise((resolve, reject) => {
    const request = get({ port, host: '127.0.0.1', path: '/ping', agent }, (response) => {
      response.resume().on('end', resolve);
    });
    request.on('error', reject);
  });
}

const began = performance.now();
while (performance.now() - began < forMs) {
  const before = performance.now();
  await ask();
  samples.push(performance.now() - before);
  await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
}
agent.destroy();
samples.sort((one, other) => one - other);
const at = (share) => samples[Math.floor(samples.length * share)];
parentPort.postMessage({ requests: samples.length, p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99) });
