// The walls of the house. A room is a folder of lib; `core` and the files of it are open to all others, every other
// room is entered through its index.ts.
const OUTSIDE_OF_LIB = '^(test|sample-app)/';

const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

const downwards = (room, mayImport) =>
  forbid(
    `${room}-imports-only-downwards`,
    `lib/${room} imports itself and ${mayImport.length > 0 ? mayImport.join(', ') : 'nothing'} of lib.`,
    { path: `^lib/${room}/` },
    { path: '^lib/', pathNot: [room, ...mayImport].map((other) => `^lib/${other}/`) },
  );

const strangers = (rooms) =>
  forbid(
    `${rooms}-are-strangers`,
    `A room of lib/${rooms} does not know its siblings.`,
    { path: `^lib/${rooms}/([^/]+)/` },
    { path: `^lib/${rooms}/`, pathNot: `^lib/${rooms}/$1/` },
  );

/** From outside of the room only its index.ts. */
const door = (name, room) =>
  forbid(
    `${name}-is-entered-by-its-door`,
    `Import the room's index.ts.`,
    { path: '^(lib|sample-app)/', pathNot: `^lib/${room}/` },
    { path: `^lib/${room}/`, pathNot: `^lib/${room}/index\\.ts$` },
  );

export default {
  forbidden: [
    forbid('no-cycles', 'No cycles, type imports included.', {}, { circular: true }),
    forbid('no-unresolvable', 'The import leads nowhere.', {}, { couldNotResolve: true }),

    downwards('core', []),
    downwards('policies', ['core']),
    downwards('pipeline', ['core', 'policies']),
    downwards('rxjs', ['core', 'policies', 'pipeline']),
    downwards('nest', ['core', 'policies', 'pipeline', 'rxjs']),
    downwards('testing', ['core', 'policies', 'pipeline', 'rxjs', 'nest']),
    downwards('adapters', ['core', 'policies', 'pipeline', 'rxjs', 'nest']),
    strangers('policies'),
    strangers('adapters'),

    ...['pipeline', 'rxjs', 'nest', 'testing'].map((room) => door(room, room)),
    ...['policies', 'adapters'].map((rooms) =>
      forbid(
        `${rooms}-are-entered-by-their-doors`,
        `Import the room's index.ts.`,
        { path: '^(lib|sample-app)/', pathNot: `^lib/${rooms}/` },
        { path: `^lib/${rooms}/`, pathNot: `^lib/${rooms}/[^/]+/index\\.ts$` },
      ),
    ),
    forbid(
      'main-door-is-for-users',
      'Nobody inside lib imports lib/index.ts.',
      { path: '^lib/' },
      { path: '^lib/index\\.ts$' },
    ),
    forbid(
      'policies-and-pipeline-are-pure',
      'core, policies and pipeline import no npm package; of Node only async_hooks and crypto.',
      { path: '^lib/(core|policies|pipeline)/' },
      { couldNotResolve: false, pathNot: ['^lib/', '^(node:)?(async_hooks|crypto)$'] },
    ),
    forbid(
      'lib-stands-alone',
      'lib imports neither test nor sample-app.',
      { path: '^lib/' },
      { path: OUTSIDE_OF_LIB },
    ),
    forbid(
      'no-development-dependencies',
      'What lib imports is a peer of the package.',
      { path: '^lib/' },
      { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['npm-peer'] },
    ),
    forbid(
      'sample-app-is-a-user',
      'The sample application imports the package by its own name.',
      { path: '^sample-app/' },
      { path: '^(lib|test|dist)/', dependencyTypesNot: ['aliased-tsconfig-paths', 'aliased'] },
    ),
  ],
  options: {
    doNotFollow: { path: ['node_modules', '^dist/'] },
    exclude: {
      path: [
        '^test/nest11/',
        '^test/bench/(newest/)?node_modules/',
        '^test/contract/prisma/generated/',
        '^dist/',
      ],
    },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types', 'default'],
      extensions: ['.ts', '.mts', '.mjs', '.js', '.d.ts', '.json'],
    },
    combinedDependencies: false,
  },
};
