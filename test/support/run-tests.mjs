// npm test: everything that the tests need, then Jest on all projects; further arguments are Jest's.
import { ensureServers } from './servers/binaries.mjs';
import { build } from './build.mjs';
import { ensureInstalled, NEST11 } from './ensure-installed.mjs';
import { jest } from './jest.mjs';
import { run } from './run.mjs';

await ensureInstalled(NEST11);
await ensureServers();
process.exitCode = (await build({ ifStale: true })) || (await run(jest(...process.argv.slice(2))));
