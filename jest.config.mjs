const relativeImports = { '^(\\.{1,2}/.*)\\.js$': ['$1.ts', '$1.js'] };
// One seed for all laws.
const laws = { '^fast-check$': '<rootDir>/test/support/seeded-fast-check.mjs' };

const doors = {
  '^nestjs-selfheal$': '<rootDir>/lib/index.ts',
  '^nestjs-selfheal/core$': '<rootDir>/lib/engine.ts',
  '^nestjs-selfheal/http$': '<rootDir>/lib/adapters/http/index.ts',
  '^nestjs-selfheal/redis$': '<rootDir>/lib/adapters/redis/index.ts',
  '^nestjs-selfheal/postgres$': '<rootDir>/lib/adapters/postgres/index.ts',
  '^nestjs-selfheal/dashboard$': '<rootDir>/lib/adapters/dashboard/index.ts',
  '^nestjs-selfheal/opentelemetry$': '<rootDir>/lib/adapters/opentelemetry/index.ts',
  '^nestjs-selfheal/prometheus$': '<rootDir>/lib/adapters/prometheus/index.ts',
  '^nestjs-selfheal/terminus$': '<rootDir>/lib/adapters/terminus/index.ts',
  '^nestjs-selfheal/(.*)$': '<rootDir>/lib/$1/index.ts',
};

// Everything that must be one copy with Nest, also where lib imports it.
const nest11 = {
  '^(@nestjs/.*|class-transformer|class-validator|reflect-metadata|rxjs(?:/.*)?)$':
    '<rootDir>/test/nest11/node_modules/$1',
};

const swc = {
  swcrc: false,
  sourceMaps: 'inline',
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript', decorators: true },
    transform: {
      legacyDecorator: true,
      decoratorMetadata: true,
      useDefineForClassFields: true,
      verbatimModuleSyntax: true,
    },
    keepClassNames: true,
    experimental: { keepImportAttributes: true },
  },
};

function project(displayName, folders, settings = {}) {
  const { nestMajor = '12', moduleNameMapper = {}, ...others } = settings;
  return {
    displayName,
    rootDir: import.meta.dirname,
    testMatch: folders.map((folder) => `<rootDir>/test/${folder}/**/*.spec.ts`),
    testEnvironment: '<rootDir>/test/support/jest-environment.mjs',
    testEnvironmentOptions: { nestMajor, globalsCleanup: 'off' },
    modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/test/nest11/package.json'],
    extensionsToTreatAsEsm: ['.ts'],
    moduleFileExtensions: ['ts', 'js', 'mjs', 'cjs', 'json', 'node'],
    moduleNameMapper: { ...moduleNameMapper, ...doors, ...laws, ...relativeImports },
    transform: { '^.+\\.ts$': ['@swc/jest', swc] },
    setupFilesAfterEnv: ['<rootDir>/test/support/long-timeout.mjs'],
    ...others,
  };
}

export default {
  waitForUnhandledRejections: true,
  // Modules of a test file stay in a worker's memory when it is done: without new workers the run's last files take
  // ten times as long as its first ones.
  workerIdleMemoryLimit: '500MB',
  projects: [
    project('unit', ['unit', 'laws', 'fuzz', 'contract', 'sim', 'soak']),
    project('nest12', ['integration']),
    project('nest11', ['integration'], {
      nestMajor: '11',
      moduleNameMapper: nest11,
      testPathIgnorePatterns: ['/node_modules/', '\\.nest12\\.spec\\.ts$'],
    }),
    project('sample-app', ['sample-app']),
  ],
};
