import { parseArgs } from 'node:util';
import { drive, SHORT, WHOLE } from './drive.js';
import { table } from './report.js';
import type { Effort } from './stage.js';
import type { StoreKind } from './store-server.js';

const STORES: readonly StoreKind[] = ['redis', 'postgres'];
const SHOWN_VIOLATIONS = 20;

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    store: { type: 'string', multiple: true },
    scenario: { type: 'string', multiple: true },
    rounds: { type: 'string' },
  },
});

function effortOf(): Effort {
  const effort = values.quick ? SHORT : WHOLE;
  if (values.rounds === undefined) return effort;
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds must be a whole number from 1');
  return { ...effort, killRounds: rounds, freezeRounds: rounds, transactionRounds: rounds };
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

const results = await drive({
  stores: STORES.filter((store) => values.store?.includes(store) ?? true),
  scenarios: values.scenario,
  seed: Number(values.seed),
  effort: effortOf(),
  told: ({ store, scenario, seconds, violations }) =>
    say(`${store} ${scenario}: ${seconds} s, ${violations.length} violations`),
});

const violations = results.flatMap((result) =>
  result.violations.map((each) => `${result.store} ${result.scenario}: ${each}`),
);
for (const violation of violations.slice(0, SHOWN_VIOLATIONS)) say(violation);
say(`\n${table(results)}\n`);
say(violations.length === 0 ? 'every promise was kept' : `${violations.length} promises were broken`);
if (values.json) process.stdout.write(`${JSON.stringify({ seed: Number(values.seed), results })}\n`);
process.exitCode = violations.length === 0 && results.length > 0 ? 0 : 1;
