import { Project } from '../child-process.js';

/** How the processes of a race get their store: statements that leave `store` and `close` behind. */
export interface RivalSetup {
  readonly peers: readonly string[];
  readonly script: string;
}

/** What the processes of a race do. */
export interface Race {
  readonly keys: readonly string[];
  readonly processes: number;
  /** Concurrent begins for each key, in each process. */
  readonly begins: number;
  readonly leaseMs: number;
  /** Whether a winner completes at once. */
  readonly completes: boolean;
}

/** One answer of a begin. */
export interface RaceAnswer {
  readonly key: string;
  readonly kind: string;
  readonly fence?: string;
  readonly attempts?: number;
  readonly recovered?: boolean;
}

/** All of them connect, and begin at the same moment. */
const HEAD_START_MS = 1_500;

/** Processes of their own, with this package and the given client libraries, that race for keys. */
export class StoreRivals {
  private constructor(
    private readonly project: Project,
    private readonly setup: RivalSetup,
  ) {}

  static async create(setup: RivalSetup): Promise<StoreRivals> {
    return new StoreRivals(await Project.create(...setup.peers), setup);
  }

  /** Every answer of every process. */
  async race(race: Race): Promise<readonly RaceAnswer[]> {
    const startMs = Date.now() + HEAD_START_MS;
    const runs = Array.from({ length: race.processes }, () => this.project.run(this.script(race, startMs)));
    const ended = await Promise.all(runs);
    return ended.flatMap(({ code, output }) => {
      if (code !== 0) throw new Error(`a rival failed: ${output.slice(0, 4_000)}`);
      return JSON.parse(output) as RaceAnswer[];
    });
  }

  remove(): Promise<void> {
    return this.project.remove();
  }

  private script(race: Race, startMs: number): string {
    return `
import { randomBytes } from 'node:crypto';
${this.setup.script}
const race = ${JSON.stringify(race)};
await store.ping();
await new Promise((resolve) => setTimeout(resolve, Math.max(0, ${startMs} - Date.now())));
const answers = [];
async function rival(storedKey) {
  const ownerId = randomBytes(16).toString('hex');
  const times = { leaseMs: race.leaseMs, retentionMs: race.leaseMs };
  const answer = await store.begin({ storedKey, ownerId, fingerprint: 'v1:a', ...times });
  answers.push({ key: storedKey, kind: answer.kind, ...answer.claim });
  if (answer.kind !== 'acquired' || !race.completes) return;
  const outcome = { kind: 'value', metadata: '{}', body: Buffer.from(ownerId) };
  await store.complete({ storedKey, claim: answer.claim, fingerprint: 'v1:a', outcome, retentionMs: race.leaseMs });
}
for (const key of race.keys) await Promise.all(Array.from({ length: race.begins }, () => rival(key)));
await close();
console.log(JSON.stringify(answers));
`;
  }
}
