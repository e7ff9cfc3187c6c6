import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { nestMajor } from './nest-major.js';

const root = join(import.meta.dirname, '../..');
const modules = join(root, nestMajor === 11 ? 'test/nest11/node_modules' : 'node_modules');
// Jest would load it as a module of its own kind.
const typescript = createRequire(import.meta.url)('typescript') as typeof import('typescript');

/** How a process ended, what it printed, and how long it lived. */
export interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly livedMs: number;
}

/**
 * A project that has this package, compiled by `tsc`, and the given peers of the Nest that this run is for; with
 * nothing else within reach, and in processes of its own.
 */
export class Project {
  private scripts = 0;

  private constructor(private readonly folder: string) {}

  static async create(...peers: readonly string[]): Promise<Project> {
    await mkdir(join(root, '.cache'), { recursive: true });
    const folder = await mkdtemp(join(root, '.cache', 'project-'));
    // Without it the project would be a part of this package, and its name would lead to the last build.
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
    const installed = join(folder, 'node_modules');
    for (const peer of peers) {
      await mkdir(dirname(join(installed, peer)), { recursive: true });
      await symlink(join(modules, peer), join(installed, peer));
    }
    const own = join(installed, 'nestjs-selfheal');
    await compileInto(join(own, 'dist/lib'));
    await cp(join(root, 'package.json'), join(own, 'package.json'));
    return new Project(folder);
  }

  /** Runs a TypeScript module until its process ends by itself. */
  async run(script: string): Promise<Ended> {
    this.scripts += 1;
    const file = join(this.folder, `script-${this.scripts}.mjs`);
    await writeFile(file, compiled(script));
    const beganMs = performance.now();
    const child = spawn(process.execPath, [file], { cwd: this.folder });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => (output += String(chunk)));
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    });
    return { code, output, livedMs: performance.now() - beganMs };
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }
}

/** As `tsc` would emit it, with its own idea of metadata. */
function compiled(source: string): string {
  const { ScriptTarget, ModuleKind } = typescript;
  const compilerOptions = {
    target: ScriptTarget.ES2022,
    module: ModuleKind.ESNext,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    verbatimModuleSyntax: true,
  };
  return typescript.transpileModule(source, { compilerOptions }).outputText;
}

async function compileInto(folder: string): Promise<void> {
  const files = await readdir(join(root, 'lib'), { recursive: true });
  for (const file of files.filter((each) => each.endsWith('.ts'))) {
    const output = join(folder, file.replace(/\.ts$/, '.js'));
    await mkdir(dirname(output), { recursive: true });
    await writeFile(output, compiled(await readFile(join(root, 'lib', file), 'utf8')));
  }
}
