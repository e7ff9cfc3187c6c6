import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { Redis } from 'ioredis';
import { childSettings, onStop, tellParent } from '../child.js';

export interface RedisSettings {
  /** The path of `redis-server`. */
  readonly program: string;
}

// Whatever ends this process, by SIGKILL included, closes the pipe that `cat` reads, and so ends the server.
const GUARD = `
exec 3<&0
"$@" </dev/null & server=$!
(cat >/dev/null; kill -KILL "$server" 2>/dev/null) <&3 >/dev/null 2>&1 &
wait "$server"
`;
const LOOK_EVERY_MS = 20;

/** A port of the loopback interface that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function untilReady(port: number): Promise<void> {
  const client = new Redis(port, '127.0.0.1', {
    maxRetriesPerRequest: null,
    retryStrategy: () => LOOK_EVERY_MS,
  });
  client.on('error', () => undefined); // it is not there yet
  await client.ping();
  client.disconnect();
}

const { program } = childSettings<RedisSettings>();
const port = await freePort();
const address = ['--bind', '127.0.0.1', '--port', String(port), '--dir', tmpdir()];
const command = [program, ...address, '--save', '', '--appendonly', 'no'];
const server = spawn('sh', ['-c', GUARD, 'guard', ...command], { stdio: ['pipe', 'inherit', 'inherit'] });
server.once('exit', () => process.exit(1)); // our parent tells of it
onStop(async () => {
  server.removeAllListeners('exit');
  const gone = once(server, 'exit');
  server.stdin.end();
  await gone;
});
await untilReady(port);
tellParent({ kind: 'ready', port });
