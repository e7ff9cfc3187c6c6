import { spawn } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

/** Builds what is out of date, then runs the built script in this process. */
export async function launch(script) {
  // Standard output stays free for what the script itself has to say.
  const { code } = await tool(2, 'build.mjs', '--if-stale');
  if (code === 0) await import(join(root, 'dist/sample-app', script));
  else process.exitCode = code;
}

/** The same for a script that needs a server: that of REDIS_URL or DATABASE_URL, or redis-server of this machine. */
export async function launchWithStore(script) {
  const { REDIS_URL, DATABASE_URL, REDIS_SERVER } = process.env;
  if (!REDIS_URL && !DATABASE_URL && !REDIS_SERVER) {
    const { code, printed } = await tool('pipe', 'find-redis.mjs');
    if (code !== 0) return void (process.exitCode = code);
    process.env.REDIS_SERVER = printed;
  }
  await launch(script);
}

/** Runs a script of test/support; answers with what it printed where its standard output is a pipe. */
async function tool(output, name, ...args) {
  // A group of its own, so that what it has started ends with it should a signal end us.
  const command = [join(root, 'test/support', name), ...args];
  const stdio = ['ignore', output, 2];
  const child = spawn(process.execPath, command, { cwd: root, stdio, detached: true });
  let printed = '';
  child.stdout?.on('data', (text) => (printed += text));
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
  return { code: code ?? 1, printed };
}
