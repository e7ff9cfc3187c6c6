import type nodeAssert from 'node:assert/strict';

type Asserts = Pick<
  typeof nodeAssert,
  'deepEqual' | 'equal' | 'fail' | 'match' | 'notEqual' | 'ok' | 'rejects'
>;

/** Node's module opens the standard error stream when it is loaded; importing this door opens nothing. */
function loaded(): typeof nodeAssert {
  return process.getBuiltinModule('node:assert/strict');
}

/** What the contract asserts with, loaded when it is first used. */
export const assert: Asserts = {
  get deepEqual() {
    return loaded().deepEqual;
  },
  get equal() {
    return loaded().equal;
  },
  get fail() {
    return loaded().fail;
  },
  get match() {
    return loaded().match;
  },
  get notEqual() {
    return loaded().notEqual;
  },
  get ok() {
    return loaded().ok;
  },
  get rejects() {
    return loaded().rejects;
  },
};
