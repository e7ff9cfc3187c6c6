import { spawn } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

/** Builds what is out of date, then runs the built script in this process. */
export async function launch(script) {
  const code = await build();
  if (code === 0) await import(join(root, 'dist/sample-app', script));
  else process.exitCode = code;
}

/** Standard output stays free for what the script itself has to say. */
async function build() {
  const args = [join(root, 'test/support/build.mjs'), '--if-stale'];
  // A group of its own, so that the compiler ends with the build should a signal end us.
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 2, 2], detached: true });
  const handlers = Object.entries(SIGNALS).map(([signal, exitCode]) => {
    const end = () => {
      process.kill(-child.pid, 'SIGTERM');
      process.exit(exitCode);
    };
    process.on(signal, end);
    return [signal, end];
  });
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  for (const [signal, end] of handlers) process.off(signal, end);
  return code ?? 1;
}
