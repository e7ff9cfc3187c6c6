import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import {
  type CallerName,
  type Counts,
  resultOf,
  STORM,
  type StormCommand,
  type StormMessage,
  type StormResult,
  together,
} from './model.js';

/** Beyond the storm itself: processes start and connections open. */
const GRACE_MS = 15_000;
/** Far apart, so that no two processes draw the same numbers. */
const SEED_STEP = 1_000;

/** One storm with real processes; none of them is left behind. */
export async function storm(caller: CallerName, seed: number): Promise<StormResult> {
  const children: ChildProcess[] = [];
  const start = (script: string, settings: object): ChildProcess => {
    const child = fork(join(import.meta.dirname, script), [JSON.stringify(settings)]);
    children.push(child);
    return child;
  };
  try {
    const server = start('server.process.js', { seed });
    const { port } = await told(server, 'ready');
    const loads = Array.from({ length: STORM.clients }, (_, index) =>
      start('load.process.js', { seed: seed + (index + 1) * SEED_STEP, caller, port }),
    );
    await Promise.all(loads.map((load) => told(load, 'ready')));
    const counted = loads.map((load) => told(load, 'counted'));
    for (const load of loads) tell(load, { kind: 'begin' });
    const timers = trigger(server);
    try {
      const counts: Counts[] = (await Promise.all(counted)).map((message) => message.counts);
      return resultOf(caller, together(counts));
    } finally {
      timers.forEach(clearTimeout);
    }
  } finally {
    await Promise.all(children.map(stopped));
  }
}

function trigger(server: ChildProcess): NodeJS.Timeout[] {
  const { fromS, untilS, factor } = STORM.trigger;
  return [
    setTimeout(() => tell(server, { kind: 'capacity', factor }), fromS * 1_000),
    setTimeout(() => tell(server, { kind: 'capacity', factor: 1 }), untilS * 1_000),
  ];
}

function tell(child: ChildProcess, command: StormCommand): void {
  child.send(command);
}

/** @throws {Error} where the process ends, or says nothing for too long */
function told<K extends StormMessage['kind']>(
  child: ChildProcess,
  kind: K,
): Promise<Extract<StormMessage, { kind: K }>> {
  return new Promise((resolve, reject) => {
    const late = (): void => reject(new Error(`a process did not say "${kind}" in time`));
    const timer = setTimeout(late, STORM.endS * 1_000 + GRACE_MS);
    const ended = (code: number | null): void => {
      clearTimeout(timer);
      reject(new Error(`a process ended with ${code} before it said "${kind}"`));
    };
    const heard = (message: StormMessage): void => {
      if (message.kind !== kind) return;
      clearTimeout(timer);
      child.off('exit', ended).off('message', heard);
      resolve(message as Extract<StormMessage, { kind: K }>);
    };
    child.once('exit', ended).on('message', heard);
  });
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => {
    child.once('exit', resolve);
  });
  child.kill('SIGKILL');
  await gone;
}
