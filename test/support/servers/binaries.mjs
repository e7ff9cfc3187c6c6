// Finds the programs of the servers that tests need, or installs them where that is possible.
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { withLock } from '../lock.mjs';

const run = promisify(execFile);
const POSTGRES_VERSIONS = '/usr/lib/postgresql';
const ENOUGH_BYTES = 64 * 1024 * 1024;

const SERVERS = {
  redis: { programs: ['redis-server'], address: 'REDIS_URL', packages: ['redis-server'] },
  postgres: {
    programs: ['initdb', 'postgres'],
    address: 'DATABASE_URL',
    packages: ['postgresql', 'postgresql-client'],
  },
};

function foldersOfPrograms() {
  const versions = existsSync(POSTGRES_VERSIONS) ? readdirSync(POSTGRES_VERSIONS) : [];
  const newestFirst = versions.sort((one, other) => Number(other) - Number(one));
  return [
    ...(process.env.PATH ?? '').split(delimiter),
    ...newestFirst.map((version) => join(POSTGRES_VERSIONS, version, 'bin')),
  ];
}

/** The folder that has all of the programs. */
function folderWith(programs) {
  return foldersOfPrograms().find((folder) => programs.every((program) => existsSync(join(folder, program))));
}

async function install({ packages }) {
  const options = {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    maxBuffer: ENOUGH_BYTES,
  };
  await run('apt-get', ['update', '-qq'], options);
  await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], options);
}

/** Programs of a server, installed where they are missing. Fails with what to do; nothing is skipped silently. */
export async function programsOf(name) {
  const server = SERVERS[name];
  const { programs, packages, address } = server;
  let folder = folderWith(programs);
  let failure;
  if (folder === undefined && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    process.stderr.write(`Installing ${packages.join(' ')} …\n`);
    await withLock('install-servers', () => (folderWith(programs) ? undefined : install(server))).catch(
      (error) => (failure = error),
    );
    folder = folderWith(programs);
  }
  if (folder !== undefined) {
    return Object.fromEntries(programs.map((program) => [program, join(folder, program)]));
  }
  const remedy = `install ${packages.join(' ')}, or set ${address} to the address of a server`;
  throw new Error(`${programs.join(' and ')} not found: ${remedy}`, { cause: failure });
}

/** Whatever is missing, before many tests look for it at once. */
export async function ensureServers() {
  for (const [name, { address }] of Object.entries(SERVERS)) {
    if (!process.env[address]) await programsOf(name);
  }
}
