import { setMaxListeners } from 'node:events';
import { parentPort } from 'node:worker_threads';
import { type Job, runJob } from './jobs.js';

// cockatiel gives all calls of a policy one signal, and that a listener for each: Node would warn of a leak.
setMaxListeners(0);

parentPort?.on('message', (job: Job) => {
  void runJob(job).then((result) => parentPort?.postMessage(result));
});
