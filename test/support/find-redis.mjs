// Prints where the redis-server of this machine is. Installs it where that is possible, else says what to do.
import { programsOf } from './servers/binaries.mjs';

try {
  const { 'redis-server': program } = await programsOf('redis');
  process.stdout.write(program);
} catch (error) {
  process.stderr.write(`${error.message}, or DATABASE_URL to that of a PostgreSQL\n`);
  process.exitCode = 1;
}
