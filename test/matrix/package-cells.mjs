// Cells that use the package as npm would publish it, in fresh projects with their own Nest.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, runQuietly, tool } from '../support/run.mjs';

const FOLDER = join(root, '.cache/matrix');
const CONSUMER = join(root, 'test/matrix/consumer');
const MANIFEST = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** What the application of the fresh project needs beside the peers of the package. */
const APPLICATION = ['@nestjs/platform-express'];

/** As strict as an application may be, and typings of packages are looked into as well. */
const COMPILER = {
  target: 'ES2022',
  module: 'nodenext',
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  esModuleInterop: true,
  skipLibCheck: false,
};

/** Packs what is built; answers with the tarball's path. */
export async function packed() {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  const pack = ['npm', 'pack', '--pack-destination', FOLDER, '--ignore-scripts'];
  const { code, output } = await runQuietly(pack);
  const tarball = readdirSync(FOLDER).find((file) => file.endsWith('.tgz'));
  if (code !== 0 || tarball === undefined) throw new Error(`the package could not be packed\n${output}`);
  return join(FOLDER, tarball);
}

/** Fresh projects with one Nest: one with the required peers alone, one with all peers and an application. */
export async function freshProjects(nest, tarball) {
  const bare = await project(`bare-nest${nest}`, { ...peers(nest, false), 'nestjs-selfheal': tarball });
  const all = { ...peers(nest, true), ...application(nest), 'nestjs-selfheal': tarball };
  const full = await project(`full-nest${nest}`, all);
  return { bare, full, compiled: await compileApplication(full) };
}

/** Runs the checks of the fresh projects on one Node. */
export async function runPackage({ binary, projects }) {
  const { bare, full, compiled } = projects;
  const runs = [compiled];
  for (const file of ['doors.mjs', 'doors.cjs']) {
    runs.push(await runFile({ binary, folder: bare, file, peers: 'required' }));
    runs.push(await runFile({ binary, folder: full, file, peers: 'all' }));
  }
  for (const file of ['application.mjs', 'application.cjs']) {
    runs.push(await runFile({ binary, folder: full, file, peers: 'all' }));
  }
  return {
    passed: runs.reduce((sum, { passed }) => sum + passed, 0),
    failed: runs.reduce((sum, { failed }) => sum + failed, 0),
    failures: runs.flatMap(({ failures }) => failures),
  };
}

/** The peers of the package, those of Nest in the major version that is asked for. */
function peers(nest, withOptional) {
  const { peerDependencies, peerDependenciesMeta } = MANIFEST;
  const wanted = Object.entries(peerDependencies).filter(
    ([name]) => withOptional || peerDependenciesMeta[name]?.optional !== true,
  );
  return Object.fromEntries(
    wanted.map(([name, range]) => {
      const ofNest = range.split('||').find((part) => part.trim().startsWith(`^${nest}.`));
      return [name, name.startsWith('@nestjs/') && ofNest ? ofNest.trim() : range];
    }),
  );
}

function application(nest) {
  return Object.fromEntries(APPLICATION.map((name) => [name, `^${nest}.0.0`]));
}

async function project(name, dependencies) {
  const folder = join(FOLDER, name);
  mkdirSync(folder, { recursive: true });
  const manifest = { name, private: true, dependencies: withFiles(dependencies) };
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
  cpSync(CONSUMER, folder, { recursive: true });
  const install = ['npm', 'install', '--no-audit', '--no-fund', '--loglevel=error', '--ignore-scripts'];
  const { code, output } = await runQuietly(install, { cwd: folder });
  if (code !== 0) throw new Error(`npm install failed in ${name}\n${output}`);
  return folder;
}

function withFiles(dependencies) {
  return Object.fromEntries(
    Object.entries(dependencies).map(([name, range]) => [
      name,
      range.startsWith('/') ? `file:${range}` : range,
    ]),
  );
}

/** One application, compiled by tsc into both module forms against the typings of the tarball and of this Nest. */
async function compileApplication(folder) {
  for (const form of ['mts', 'cts']) {
    cpSync(join(CONSUMER, 'application.ts'), join(folder, `application.${form}`));
  }
  const typeRoots = [join(root, 'node_modules/@types')];
  const config = {
    compilerOptions: { ...COMPILER, typeRoots },
    files: ['application.mts', 'application.cts'],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  const { code, output } = await runQuietly(tool('typescript/bin/tsc', '-p', folder));
  return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, failures: code === 0 ? [] : [output] };
}

async function runFile({ binary, folder, file, peers: installed }) {
  const env = { ...process.env, INSTALLED_PEERS: installed, NODE_OPTIONS: '' };
  const command = [binary, '--test-reporter=tap', join(folder, file)];
  const { code, output } = await runQuietly(command, { cwd: folder, env });
  const count = (word) => Number(new RegExp(`^# ${word} (\\d+)$`, 'm').exec(output)?.[1] ?? 0);
  const [passed, failed] = [count('pass'), count('fail')];
  const isRight = code === 0 && passed > 0;
  return {
    passed,
    failed: isRight ? failed : Math.max(failed, 1),
    failures: isRight ? [] : [`${folder.slice(root.length + 1)}/${file} (exit code ${code})\n${output}`],
  };
}
