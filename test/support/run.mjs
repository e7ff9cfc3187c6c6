import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the repository. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

/** A script of an installed package, to be run with this Node: quicker than npx, and the same on every system. */
export function tool(script, ...args) {
  return [process.execPath, join(root, 'node_modules', script), ...args];
}

/** Runs a command in the repository's folder, its output on ours; answers with its exit code. */
export function run([command, ...args], options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', ...options });
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}

/** Like `run`, but keeps what the command prints. */
export async function runQuietly(command, options = {}) {
  const chunks = [];
  const keep = (stream) => stream.on('data', (chunk) => chunks.push(chunk));
  const code = await new Promise((resolve, reject) => {
    const [file, ...args] = command;
    const child = spawn(file, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], ...options });
    keep(child.stdout);
    keep(child.stderr);
    child.on('error', reject);
    child.on('close', (exitCode) => resolve(exitCode ?? 1));
  });
  return { code, output: Buffer.concat(chunks).toString() };
}
