/** How many runs, and with which seed; `npm run test:fuzz` asks for more than `npm test`. */
export const SETTINGS = {
  numRuns: Number(process.env['FUZZ_RUNS'] ?? 300),
  seed: Number(process.env['FUZZ_SEED'] ?? 20_261_122),
};

/** A run is a few milliseconds; to shrink a counterexample takes a few hundred of them. */
export const TIMEOUT_MS = 60_000 + 50 * SETTINGS.numRuns;
