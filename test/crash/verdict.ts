import type {
  AcquiredLine,
  AnswerLine,
  HarmLine,
  LedgerLine,
  RecordedLine,
  RenewedLine,
  RowLine,
} from './ledger.js';

/** What is expected of a scenario beside the promises that always hold. */
export interface Expectation {
  /** Longest time that a call, or a key whose owner has died, waits; the lease not counted. */
  readonly slackMs: number;
  /** Whether the store is always there: then each caller's answer is the recorded one, and no call may fail. */
  readonly isStoreUp: boolean;
  /** Whether owners are lost whose rows stay; elsewhere each key has one row. */
  readonly leavesRows: boolean;
}

/** What a ledger shows. */
export interface Verdict {
  readonly keys: number;
  readonly calls: number;
  readonly rows: number;
  readonly replays: number;
  readonly takeovers: number;
  /** Claims that were open when their owner was killed or frozen. */
  readonly lostOwners: number;
  /** Rows of runs that are no key's outcome: of owners that were killed, frozen or cut off. */
  readonly rowsOfLostOwners: number;
  /** Answers of an owner that reached its client and never the store; only where the store was away. */
  readonly answersNotRecorded: number;
  /** From the death of an owner to the next claim or answer of its key. */
  readonly longestSilenceMs: number;
  /** From a call to its answer. */
  readonly longestWaitMs: number;
  readonly violations: readonly string[];
}

interface KeyHistory {
  readonly key: string;
  readonly acquired: AcquiredLine[];
  readonly rows: RowLine[];
  readonly recorded: RecordedLine[];
  /** When owners were told that they had lost their claims, by fence. */
  readonly refused: Map<string, number>;
  readonly answers: AnswerLine[];
  /** The latest moment at which a claim was known to be renewed, and for how long, by fence. */
  readonly leases: Map<string, { readonly sentMs: number; readonly leaseMs: number }>;
  readonly released: Set<string>;
}

/** Two clocks are compared: the store's, which counts a lease, and the machine's, by which we do. */
const CLOCK_TOLERANCE_MS = 5;

/** Reads a ledger, and says whether the promises were kept. */
export function judge(lines: readonly LedgerLine[], expectation: Expectation): Verdict {
  const histories = [...historiesOf(lines).values()];
  const harms = lines.filter(isHarm);
  const killed = new Set(harms.filter(({ line }) => line === 'killed').map(({ pid }) => pid));
  const silences = histories.flatMap((history) => silencesOf(history, harms));
  const stuck = silences.filter(({ ms, leaseMs }) => ms > leaseMs + expectation.slackMs);
  return {
    keys: histories.length,
    calls: sum(histories, ({ answers }) => answers.filter(({ isAudit }) => !isAudit).length),
    rows: sum(histories, ({ rows }) => rows.length),
    replays: sum(histories, ({ answers }) => answers.filter((each) => each.ending === 'replay').length),
    takeovers: sum(histories, ({ acquired }) => acquired.filter(({ tookOver }) => tookOver).length),
    lostOwners: silences.length,
    rowsOfLostOwners: sum(histories, (history) => history.rows.length - (recordedRow(history) ? 1 : 0)),
    answersNotRecorded: sum(histories, (history) => notRecorded(history).length),
    longestSilenceMs: Math.round(longestOf(silences)),
    longestWaitMs: Math.round(longestOf(histories.flatMap(waitsOf))),
    violations: [
      ...histories.flatMap((history) => violationsOf(history, killed, expectation)),
      ...stuck.map(({ key, ms }) => `${key}: stuck for ${Math.round(ms)} ms after its owner had died`),
    ],
  };
}

function historiesOf(lines: readonly LedgerLine[]): ReadonlyMap<string, KeyHistory> {
  const histories = new Map<string, KeyHistory>();
  for (const line of lines) {
    if (isHarm(line)) continue;
    const history = histories.get(line.key) ?? emptyHistory(line.key);
    histories.set(line.key, history);
    enter(history, line);
  }
  return histories;
}

function emptyHistory(key: string): KeyHistory {
  return {
    key,
    acquired: [],
    rows: [],
    recorded: [],
    refused: new Map(),
    answers: [],
    leases: new Map(),
    released: new Set(),
  };
}

function enter(history: KeyHistory, line: Exclude<LedgerLine, HarmLine>): void {
  switch (line.line) {
    case 'acquired':
      history.acquired.push(line);
      return renew(history, line);
    case 'renewed':
      return renew(history, line);
    case 'row':
      return void history.rows.push(line);
    case 'recorded':
      return void history.recorded.push(line);
    case 'refused':
      return void history.refused.set(line.fence, line.atMs);
    case 'answer':
      return void history.answers.push(line);
    case 'released':
      // Without a fence nobody knows which claim it was.
      if (line.fence !== undefined) history.released.add(line.fence);
  }
}

function renew({ leases }: KeyHistory, { fence, sentMs, leaseMs }: AcquiredLine | RenewedLine): void {
  const before = leases.get(fence);
  if (before === undefined || before.sentMs < sentMs) leases.set(fence, { sentMs, leaseMs });
}

/** Every run that anybody was told is the outcome of the key: by the store's acknowledgement, or by a replay. */
function recordedRuns({ recorded, answers }: KeyHistory): ReadonlySet<string> {
  const acknowledged = recorded.map(({ run }) => run);
  const told = answers.filter(({ ending, isAudit }) => ending === 'replay' || isAudit);
  return new Set([...acknowledged, ...told.flatMap(({ run }) => run ?? [])]);
}

function recordedRow(history: KeyHistory): RowLine | undefined {
  const runs = recordedRuns(history);
  return history.rows.find(({ run }) => runs.has(run));
}

function violationsOf(history: KeyHistory, killed: ReadonlySet<number>, expectation: Expectation): string[] {
  const found = [
    ...outcomeProblems(history),
    ...runProblems(history),
    ...markProblems(history),
    ...rowProblems(history, killed, expectation),
    ...leaseProblems(history),
    ...answerProblems(history, expectation),
    ...waitProblems(history, expectation),
  ];
  return found.map((problem) => `${history.key}: ${problem}`);
}

function outcomeProblems(history: KeyHistory): string[] {
  const runs = recordedRuns(history);
  if (runs.size > 1) return [`${runs.size} recorded outcomes: ${[...runs].join(', ')}`];
  if (!history.answers.some(({ isAudit }) => isAudit)) return ['the audit had no answer'];
  return recordedRow(history) === undefined ? ['an outcome that no run has produced'] : [];
}

function runProblems(history: KeyHistory): string[] {
  const recorded = recordedRow(history);
  const later = history.rows.filter((row) => recorded !== undefined && isHigher(row.fence, recorded.fence));
  const fences = history.rows.map(({ fence }) => fence);
  return [
    ...later.map(({ fence }) => `was completed by fence ${recorded?.fence}, and ran again under ${fence}`),
    ...(new Set(fences).size < fences.length ? ['ran twice under one claim'] : []),
  ];
}

/** Whoever runs after somebody has taken over, the same claim or a later one, knows that an owner fell silent. */
function markProblems({ rows, acquired }: KeyHistory): string[] {
  const taken = acquired.filter(({ tookOver }) => tookOver);
  const unmarked = rows.filter(
    (row) => !row.recovered && taken.some(({ fence }) => !isHigher(fence, row.fence)),
  );
  return unmarked.map(({ fence }) => `ran under fence ${fence} and was not told that it is recovered`);
}

/** A row belongs to the outcome, or to an owner that was killed, or to one that was told that its claim is lost. */
function rowProblems(
  history: KeyHistory,
  killed: ReadonlySet<number>,
  { leavesRows }: Expectation,
): string[] {
  const runs = recordedRuns(history);
  const others = history.rows.filter(({ run }) => !runs.has(run));
  const unaccounted = others.filter(
    ({ fence, pid }) => !leavesRows || (!killed.has(pid) && !history.refused.has(fence)),
  );
  return unaccounted.map(({ run, pid }) => `nobody accounts for row ${run} of process ${pid}`);
}

/** Who took over did so after the last lease that the store had granted; no fence is given to two. */
function leaseProblems({ acquired, leases, released }: KeyHistory): string[] {
  const early = acquired
    .filter(({ tookOver }) => tookOver)
    .flatMap(({ fence, atMs }) =>
      [...leases]
        .filter(([other]) => isHigher(fence, other) && !released.has(other))
        .map(([, { sentMs, leaseMs }]) => sentMs + leaseMs - atMs),
    )
    .filter((earlyMs) => earlyMs > CLOCK_TOLERANCE_MS);
  const fences = new Set(acquired.map(({ fence }) => fence));
  // A begin that was sent again by its owner gets the same claim, and is written once more.
  const owners = new Set(acquired.map(({ fence, pid }) => `${fence} ${pid}`));
  return [
    ...early.map((earlyMs) => `taken over ${Math.round(earlyMs)} ms before its lease was over`),
    ...(fences.size < owners.size ? ['two processes had one fence'] : []),
  ];
}

/** Answers of an owner that are not what is recorded. */
function notRecorded(history: KeyHistory): AnswerLine[] {
  const runs = recordedRuns(history);
  return history.answers.filter(({ ending, run }) => ending === 'own' && !runs.has(run ?? ''));
}

function answerProblems(history: KeyHistory, { isStoreUp }: Expectation): string[] {
  const unexpected = history.answers.filter(({ ending }) => ending === 'unexpected');
  const problems = unexpected.map(({ problem }) => `a call failed: ${problem}`);
  if (!isStoreUp) return problems;
  const down = history.answers.filter(({ ending }) => ending === 'store-down');
  return [
    ...problems,
    ...notRecorded(history).map(({ run }) => `a client was told ${run}, which is not what is recorded`),
    ...down.map(() => 'a client was told that the store is down'),
  ];
}

/** While the store is up nobody waits for longer than a lease, whoever has the key and whoever has died. */
function waitProblems(history: KeyHistory, { isStoreUp, slackMs }: Expectation): string[] {
  if (!isStoreUp) return [];
  const stuck = waitsOf(history).filter(({ ms, leaseMs }) => ms > leaseMs + slackMs);
  return stuck.map(({ ms }) => `a call waited for ${Math.round(ms)} ms`);
}

interface Wait {
  readonly key: string;
  readonly ms: number;
  readonly leaseMs: number;
}

function longestOf(waits: readonly Wait[]): number {
  return waits.reduce((most, { ms }) => Math.max(most, ms), 0);
}

function waitsOf({ key, acquired, answers }: KeyHistory): Wait[] {
  const longest = acquired.reduce((most, { leaseMs }) => Math.max(most, leaseMs), 0);
  return answers.map(({ askedMs, atMs }) => ({ key, ms: atMs - askedMs, leaseMs: longest }));
}

/** How long each owner that was killed or frozen kept its key from others. */
function silencesOf(history: KeyHistory, harms: readonly HarmLine[]): Wait[] {
  return harms.flatMap((harm) => {
    const owned = claimAt(history, harm.atMs);
    if (owned === undefined || owned.pid !== harm.pid || hasEnded(history, owned, harm)) return [];
    const later = [...history.acquired, ...history.answers].filter(
      (each) => each.pid !== harm.pid && each.atMs > harm.atMs,
    );
    const freed = later.filter((each) => each.line === 'acquired' || each.ending === 'replay');
    const firstMs = freed.reduce((least, { atMs }) => Math.min(least, atMs), Number.POSITIVE_INFINITY);
    return [{ key: history.key, ms: firstMs - harm.atMs, leaseMs: owned.leaseMs }];
  });
}

/** The claim that was current at a moment: of those that had been given by then, the one with the highest fence. */
function claimAt({ acquired }: KeyHistory, atMs: number): AcquiredLine | undefined {
  const given = acquired.filter((each) => each.atMs <= atMs);
  return given.reduce<AcquiredLine | undefined>(
    (highest, each) => (highest === undefined || isHigher(each.fence, highest.fence) ? each : highest),
    undefined,
  );
}

/**
 * Whether the owner had given its key up or lost it before, or could complete it after all: by its own word, or, where
 * it died before it could say so, by that of others who were given its outcome.
 */
function hasEnded(history: KeyHistory, owned: AcquiredLine, harm: HarmLine): boolean {
  const { fence } = owned;
  if (history.released.has(fence) || recordedRow(history)?.fence === fence) return true;
  return (history.refused.get(fence) ?? Number.POSITIVE_INFINITY) <= harm.atMs;
}

function isHarm(line: LedgerLine): line is HarmLine {
  return line.line === 'killed' || line.line === 'frozen';
}

function isHigher(one: string, other: string): boolean {
  return BigInt(one) > BigInt(other);
}

function sum<T>(values: readonly T[], count: (value: T) => number): number {
  return values.reduce((total, value) => total + count(value), 0);
}
