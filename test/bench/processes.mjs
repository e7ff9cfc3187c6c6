import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from '../support/run.mjs';

// A young generation that holds a whole batch: no collection falls into a measurement of bytes.
const LARGE_NURSERY = ['--expose-gc', '--min-semi-space-size=128', '--max-semi-space-size=128'];
// Helper threads that wait for the one core we have would be counted as work.
const NO_HELPERS = ['--single-threaded'];
const FLAGS = { time: NO_HELPERS, bytes: LARGE_NURSERY, population: ['--expose-gc'] };

/** The words before a command that keep it on one core, where the machine lets us choose. */
export function onCore(core) {
  const words = ['taskset', '-c', String(core)];
  return spawnSync(words[0], [...words.slice(1), 'true']).status === 0 ? words : [];
}

/** Starts the processes of the bench: what a row does to its process, it does to its own baseline only. */
export class Processes {
  constructor({ node, folder, peers }) {
    this.node = node;
    this.folder = folder;
    this.environment = { ...process.env, BENCH_PEERS: join(root, peers, 'load-peers.mjs') };
    this.measured = onCore(1);
    this.beside = onCore(0);
  }

  /** Rows, bytes or a population; everything on one core. */
  child(task) {
    return this.run([
      ...this.measured,
      this.node,
      ...FLAGS[task.work],
      this.script('child'),
      JSON.stringify(task),
    ]);
  }

  /** HTTP: the server under measurement on one core, its load and the stores' servers on the other. */
  web(effort) {
    const task = { effort, command: this.measured };
    return this.run([...this.beside, this.node, this.script('web'), JSON.stringify(task)]);
  }

  script(name) {
    return join(this.folder, `${name}.js`);
  }

  run([command, ...rest]) {
    const options = { stdio: ['ignore', 'pipe', 'inherit'], cwd: root, env: this.environment };
    const running = spawn(command, rest, options);
    let output = '';
    running.stdout.on('data', (data) => (output += data));
    return new Promise((resolve, reject) => {
      running.on('error', reject);
      running.on('close', (code) => {
        if (code === 0) resolve(JSON.parse(output));
        else reject(new Error(`the bench process ended with ${code}`));
      });
    });
  }
}
