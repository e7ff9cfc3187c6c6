// What the tests get as `fast-check`: one seed for all laws of a run, so that the same commit always gives the same
// answer. FC_SEED=7 takes another one; `npm run test:fuzz` goes through as many as are wanted.
import fc from '../../node_modules/fast-check/lib/fast-check.js';

const DEFAULT_SEED = 20_261_122;

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(process.env.FC_SEED ?? DEFAULT_SEED) });

export * from '../../node_modules/fast-check/lib/fast-check.js';
export default fc;
