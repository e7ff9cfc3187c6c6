declare global {
  var NEST_MAJOR: 11 | 12;
}

/** The major version of Nest that this run of the integration tests uses. */
export const nestMajor = globalThis.NEST_MAJOR;
