import { parentPort } from 'node:worker_threads';
import { type Job, runJob } from './jobs.js';

parentPort?.on('message', (job: Job) => {
  void runJob(job).then((result) => parentPort?.postMessage(result));
});
