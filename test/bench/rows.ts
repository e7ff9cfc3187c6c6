import type { INestApplicationContext, Type } from '@nestjs/common';
import { lastValueFrom } from 'rxjs';
import { Bare, boot, Limited, SwitchedOff, Unlimited } from './application.js';
import { type Loop, loopOf, type Row } from './measure.js';
import { peerCalls } from './peers.js';

const RESULT = 'await target.call(index);';
const CAUGHT = 'try { await target.call(index); } catch {}';

/** The rows of one kind of process, and the applications behind them. */
export interface Bench {
  readonly rows: readonly Row[];
  readonly applications: readonly INestApplicationContext[];
}

const MADE = new Error('made before');

/** What a rejection costs by itself: an error that exists already, and a new one with its stack. */
const THROWN = {
  async made(): Promise<never> {
    throw MADE;
  },
  async fresh(): Promise<never> {
    throw new Error('new');
  },
};

class Rows {
  readonly list: Row[] = [];
  private readonly bare: Loop = loopOf('bare', RESULT, new Bare());

  add(id: string, target: object, call = RESULT, tools: object = {}): void {
    this.list.push({ id, loop: loopOf(id, call, target, tools), baseline: this.bare });
  }

  addStream(id: string, target: object): void {
    const call = 'await tools.lastValueFrom(target.stream(index));';
    const tools = { lastValueFrom };
    const baseline = loopOf(`bare ${id}`, call, new Bare(), tools);
    this.list.push({ id, loop: loopOf(id, call, target, tools), baseline });
  }

  async addPeers(): Promise<void> {
    for (const [id, target] of Object.entries(await peerCalls())) {
      this.add(id, target, id.startsWith('open/') ? CAUGHT : RESULT);
    }
  }
}

/** What is measured together in one process. */
export interface BenchSettings {
  /** Rows of a process in which nothing keeps an async context, or of one in which a time limit or a key does. */
  readonly kind: 'plain' | 'limited';
  /** Beside ours, in turn with them. */
  readonly hasPeers: boolean;
  readonly hasMetrics: boolean;
}

/** The rows of a process. */
export async function benchOf(settings: BenchSettings): Promise<Bench> {
  return settings.kind === 'plain' ? unlimitedRows(settings) : limitedRows(settings);
}

async function unlimitedRows({ hasPeers, hasMetrics }: BenchSettings): Promise<Bench> {
  const rows = new Rows();
  const application = await boot(Unlimited, { hasMetrics });
  const switchedOff = await boot(SwitchedOff, { enabled: false, hasMetrics });
  const unlimited = application.get(Unlimited);
  rows.add('disabled', switchedOff.get(SwitchedOff));
  for (const name of ['breaker', 'retry', 'fallback'])
    rows.add(name, unlimited, `await target.${name}(index);`);
  rows.addStream('stream', unlimited);
  await open(unlimited);
  rows.add('open', unlimited, 'try { await target.open(index); } catch {}');
  rows.add('retryOpen', unlimited, 'try { await target.retryOpen(index); } catch {}');
  rows.add('thrown', THROWN, 'try { await target.made(); } catch {}');
  rows.add('thrownNew', THROWN, 'try { await target.fresh(); } catch {}');
  if (hasPeers) await rows.addPeers();
  return { rows: rows.list, applications: [application, switchedOff] };
}

async function limitedRows({ hasMetrics }: BenchSettings): Promise<Bench> {
  const rows = new Rows();
  const application = await boot(Limited as Type<Limited>, { hasMetrics });
  const limited = application.get(Limited);
  // From the first limited call on every promise of the process is tracked: the baseline's, too.
  await limited.three(1);
  rows.add('three', limited, 'await target.three(index);');
  rows.add('five', limited, 'await target.five(index);');
  const fresh = { next: 0 };
  rows.add('idempotent', limited, 'await target.idempotent(tools.next++);', fresh);
  return { rows: rows.list, applications: [application] };
}

async function open(unlimited: Unlimited): Promise<void> {
  unlimited.isDown = true;
  for (let failure = 0; failure < 5; failure += 1) await unlimited.open(1).catch(() => undefined);
}
