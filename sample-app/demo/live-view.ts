import type { Mode } from '../main.js';
import type { StatsReport } from '../stats/stats.js';
import type { Phase } from '../upstreams/fault-plan.js';
import type { Answer } from './answer.js';
import { shareOf } from './figures.js';

export interface Moment {
  readonly mode: Mode;
  readonly elapsedMs: number;
  readonly phase: Phase | undefined;
  readonly answers: readonly Answer[];
  readonly stats: StatsReport;
}

/** Where progress goes: standard output, or standard error beside a JSON answer. */
export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const LINE_EVERY_MS = 1_000;
const RECENT_MS = 1_000;
/** Answers of the last moment may still be on their way to us. */
const REPORTED_AFTER_MS = 150;
const BAR_WIDTH = 30;

/** Shows a run while it goes on: a block that refreshes itself, or a line a second where there is no terminal. */
export class LiveView {
  private blockLines = 0;
  private lastLineAtMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly output: Output) {}

  /** A line that stays. */
  say(text: string): void {
    this.output.write(`${text}\n`);
    this.blockLines = 0;
    this.lastLineAtMs = Number.NEGATIVE_INFINITY;
  }

  show(moment: Moment): void {
    if (this.output.isTTY) return this.refresh(blockOf(moment));
    if (moment.elapsedMs - this.lastLineAtMs < LINE_EVERY_MS - 50) return;
    this.lastLineAtMs = moment.elapsedMs;
    this.output.write(`${lineOf(moment)}\n`);
  }

  private refresh(lines: readonly string[]): void {
    const width = (this.output.columns || 80) - 1;
    const up = this.blockLines > 0 ? `\u001b[${this.blockLines}A` : '';
    const text = lines.map((line) => `\u001b[2K${line.slice(0, width)}\n`).join('');
    this.output.write(up + text);
    this.blockLines = lines.length;
  }
}

function blockOf(moment: Moment): string[] {
  const { mode, elapsedMs } = moment;
  const facts = factsOf(moment);
  return [
    `  ${mode} run, ${seconds(elapsedMs)}: ${facts.phase}`,
    `  rate      ${facts.rate}`,
    `  success   ${bar(facts.successShare)} ${facts.success}`,
    `  retries   ${facts.retries}, budget ${facts.budget}`,
    `  breakers  ${facts.breakers}`,
  ];
}

function lineOf(moment: Moment): string {
  const { mode, elapsedMs } = moment;
  const facts = factsOf(moment);
  return [
    mode.padEnd(7),
    seconds(elapsedMs).padStart(6),
    facts.phase.padEnd(27),
    facts.rate.padStart(8),
    `success ${facts.success}`,
    `retries ${facts.retries}`,
    `budget ${facts.budget}`,
    `breakers ${facts.breakers}`,
  ].join('  ');
}

function factsOf({ answers, elapsedMs, phase, stats }: Moment) {
  const untilMs = elapsedMs - REPORTED_AFTER_MS;
  const recent = answers.filter(({ atMs, waitMs }) => {
    const endedMs = atMs + waitMs;
    return untilMs - RECENT_MS < endedMs && endedMs <= untilMs;
  });
  const successShare = shareOf(recent, ({ outcome }) => outcome !== 'failed');
  return {
    phase: phase?.name ?? (elapsedMs < 0 ? 'about to begin' : 'the last answers'),
    rate: `${Math.round((recent.length * 1_000) / RECENT_MS)}/s`,
    successShare,
    success: recent.length === 0 ? '   –' : `${Math.round(successShare * 100)}%`.padStart(4),
    ...healingFactsOf(stats),
  };
}

function healingFactsOf({ healing }: StatsReport) {
  if (healing === undefined) return { retries: '–', budget: '–', breakers: '–' };
  const breakers = Object.entries(healing.breakers).map(([name, state]) => `${name} ${state}`);
  return {
    retries: String(healing.retries),
    budget: healing.budgetTokens.toFixed(1),
    breakers: breakers.join(', ') || '–',
  };
}

function bar(share: number): string {
  const filled = Math.round(share * BAR_WIDTH);
  return '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled);
}

function seconds(ms: number): string {
  return `${(Math.max(0, ms) / 1_000).toFixed(1)} s`;
}
