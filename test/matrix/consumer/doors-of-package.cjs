// What both forms of the door checks share.
const PACKAGE = 'nestjs-selfheal';

/** The doors that open in a project with the required peers alone. */
const WITHOUT_OPTIONAL_PEERS = ['', '/core', '/rxjs', '/testing'];

/** Every door that the installed package's exports promise, as it is imported. */
exports.paths = (require) => {
  const { exports: doors } = require(`${PACKAGE}/package.json`);
  return Object.entries(doors)
    .filter(([, target]) => target.default?.endsWith('.js'))
    .map(([path]) => `${PACKAGE}${path.slice(1)}`);
};

/** What a door exports; without its peer it may instead say which one it is that it needs. */
exports.loadedOrNamesItsPeer = async (require, path, load) => {
  try {
    return { names: Object.keys(await load()) };
  } catch (error) {
    const mayNeedPeer = !WITHOUT_OPTIONAL_PEERS.includes(path.slice(PACKAGE.length));
    if (process.env.INSTALLED_PEERS === 'all' || !mayNeedPeer) throw error;
    const { peerDependenciesMeta } = require(`${PACKAGE}/package.json`);
    const missing = Object.keys(peerDependenciesMeta).filter((peer) => error.message.includes(peer));
    if (missing.length === 0) throw error;
    return { names: missing };
  }
};
