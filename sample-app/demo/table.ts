import type { FaultPlan } from '../upstreams/fault-plan.js';
import type { RunResult } from './run.js';

type Row = readonly [label: string, value: (result: RunResult) => string];

const ROWS: readonly Row[] = [
  ['requests', ({ figures }) => String(figures.requests)],
  ['success rate', ({ figures }) => percent(figures.successRate)],
  ['degraded answers (part of the success)', ({ figures }) => percent(figures.degradedRate)],
  ['upstream calls per request', ({ figures }) => figures.upstreamCallsPerRequest.toFixed(2)],
  ['p50', ({ figures }) => milliseconds(figures.p50Ms)],
  ['p99', ({ figures }) => milliseconds(figures.p99Ms)],
  ['longest time a caller waited', ({ figures }) => milliseconds(figures.maxWaitMs)],
  ['end of the outage to full health', ({ figures }) => recovery(figures.recoveredAfterMs)],
  ['upstream calls during the outage', ({ figures }) => String(figures.upstreamCallsDuringOutage)],
  ['orders charged twice', ({ charges }) => String(charges.chargedTwice)],
];

/** Both runs side by side, and what the words mean. */
export function tableOf(plain: RunResult, healing: RunResult, plan: FaultPlan): string {
  const cells = ROWS.map(([label, value]) => [label, value(plain), value(healing)] as const);
  const head = ['', 'plain', 'healing'] as const;
  const widths = [0, 1, 2].map((column) =>
    Math.max(...[head, ...cells].map((row) => row[column]?.length ?? 0)),
  );
  const [labelWidth = 0, plainWidth = 0, healingWidth = 0] = widths;
  const line = ([label, one, other]: readonly [string, string, string]): string =>
    `  ${label.padEnd(labelWidth)}   ${one.padStart(plainWidth)}   ${other.padStart(healingWidth)}`;
  const rule = `  ${'─'.repeat(labelWidth + plainWidth + healingWidth + 6)}`;
  return ['', line(head), rule, ...cells.map(line), '', ...captionOf(plan), ''].join('\n');
}

function captionOf({ requestsPerSecond, patienceMs }: FaultPlan): string[] {
  return [
    `  ${requestsPerSecond} requests a second, sent whether answers come or not; times count from when a`,
    `  request was due, failed ones included. A caller goes away after ${patienceMs / 1_000} s, which counts as a`,
    '  failure. While payments are down no checkout can succeed: the healing half fails fast instead.',
    '  Full health: for a second on end every request is answered in full, within a second.',
  ];
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function milliseconds(ms: number): string {
  return `${ms} ms`;
}

function recovery(ms: number | null): string {
  return ms === null ? 'not reached' : `${(ms / 1_000).toFixed(1)} s`;
}
