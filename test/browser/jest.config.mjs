import config from '../../jest.config.mjs';

const nest12 = config.projects.find(({ displayName }) => displayName === 'nest12');

/** As the integration tests on Nest 12; apart from `npm test`, since it needs a browser. */
export default {
  ...nest12,
  displayName: 'browser',
  // Not the one that looks for timers: the driver of the browser has its own.
  testEnvironment: 'node',
  testEnvironmentOptions: {},
  testMatch: ['<rootDir>/test/browser/**/*.spec.ts'],
};
