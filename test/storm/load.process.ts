import { Chance } from '../sim/chance.js';
import { callerOf } from './callers.js';
import { type LoadSettings, STORM, type StormMessage } from './model.js';

const { seed, caller, port } = JSON.parse(process.argv[2] ?? '{}') as LoadSettings;
const chance = new Chance(seed);
const bySecond = (): number[] => Array.from({ length: STORM.endS }, () => 0);
const counts = { calls: bySecond(), attempts: bySecond(), successes: bySecond() };
let beganMs = 0;

/** What happens after the end is of no interest any more. */
function count(list: number[]): void {
  const second = Math.floor((performance.now() - beganMs) / 1_000);
  if (second < list.length) list[second] = (list[second] ?? 0) + 1;
}

const call = callerOf(caller, port, () => count(counts.attempts));

/** Open loop: calls begin whether or not others have ended. */
function arrivals(dueMs: number): void {
  const endMs = beganMs + STORM.endS * 1_000;
  // A machine that is too slow for the load makes its calls late; they are bounded by the time all the same.
  if (dueMs >= endMs || performance.now() >= endMs) return finish();
  setTimeout(() => {
    count(counts.calls);
    call().then(
      () => count(counts.successes),
      () => undefined,
    );
    arrivals(dueMs + chance.exponential((1_000 * STORM.clients) / STORM.callsPerSecond));
  }, dueMs - performance.now());
  return undefined;
}

function finish(): void {
  setTimeout(
    () => {
      process.send?.({ kind: 'counted', counts } satisfies StormMessage);
    },
    beganMs + STORM.endS * 1_000 - performance.now(),
  );
}

process.on('message', () => {
  beganMs = performance.now();
  arrivals(beganMs);
});
process.on('disconnect', () => process.exit(0));
process.send?.({ kind: 'ready', port } satisfies StormMessage);
