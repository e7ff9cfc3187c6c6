import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { childSettings, onBegin, onStop, tellParent } from '../demo/child.js';
import { faultPlan, phaseAt, type PlanLength, type UpstreamName } from './fault-plan.js';
import { type CurrentFault, FlakyServer } from './flaky-server.js';

export interface UpstreamSettings {
  readonly name: UpstreamName;
  /** 0 takes any free port. */
  readonly port: number;
  readonly plan: PlanLength;
  /** Plays the plan again and again. */
  readonly isLooping: boolean;
}

const settings = childSettings<UpstreamSettings>();
const plan = faultPlan(settings.plan);
let startAtMs = Number.POSITIVE_INFINITY;
onBegin((atMs) => (startAtMs = atMs));

function currentFault(): CurrentFault {
  const nowMs = Date.now();
  const sinceStartMs = nowMs - startAtMs;
  const elapsedMs = settings.isLooping && sinceStartMs > 0 ? sinceStartMs % plan.durationMs : sinceStartMs;
  const phase = phaseAt(plan, elapsedMs);
  const endsAtMs = phase === undefined ? nowMs : nowMs - elapsedMs + phase.endsMs;
  return { fault: phase?.faults[settings.name], endsAtMs };
}

/** A port that has just been given up may be in use for another moment. */
async function listen(server: FlakyServer, port: number, triesLeft = 20): Promise<number> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.http.once('error', reject).listen(port, '127.0.0.1', resolve);
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || triesLeft === 0) throw error;
    await delay(100);
    return listen(server, port, triesLeft - 1);
  }
  return (server.http.address() as AddressInfo).port;
}

const server = new FlakyServer(settings.name, currentFault);
onStop(() => server.http.closeAllConnections());
tellParent({ kind: 'ready', port: await listen(server, settings.port) });
