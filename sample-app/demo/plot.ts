import { type FaultPlan, phaseWith } from '../upstreams/fault-plan.js';
import type { Answer } from './answer.js';
import type { LoadSample, RunResult } from './run.js';

const WIDTH = 900;
const PANEL = 170;
const LEFT = 56;
const TOP = 44;
const GAP = 46;
const BIN_MS = 500;
const SECOND_MS = 1_000;

type Point = readonly [x: number, y: number];

/** One curve per run. */
interface Panel {
  readonly title: string;
  readonly most: number;
  readonly unit: string;
  readonly plain: readonly Point[];
  readonly healing: readonly Point[];
}

/** Both runs over time, as an SVG: how many requests succeed, and what the upstreams have to bear. */
export function plotOf(plain: RunResult, healing: RunResult, plan: FaultPlan): string {
  const loads = [loadOf(plain.load), loadOf(healing.load)] as const;
  const most = Math.max(...loads.flat().map(([, perSecond]) => perSecond), 1);
  const panels: readonly Panel[] = [
    {
      title: 'requests that succeed, by the moment they were due',
      most: 100,
      unit: ' %',
      plain: successOf(plain.answers, plan),
      healing: successOf(healing.answers, plan),
    },
    {
      title: 'calls of the upstreams per second',
      most: roundUp(most),
      unit: '',
      plain: loads[0],
      healing: loads[1],
    },
  ];
  const height = TOP + panels.length * (PANEL + GAP);
  const body = panels.map((panel, index) => panelOf(panel, plan, TOP + index * (PANEL + GAP)));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="13">`,
    STYLE,
    `<rect class="ground" width="${WIDTH}" height="${height}"/>`,
    `<text x="${LEFT}" y="24"><tspan class="plain">■ plain</tspan><tspan dx="18" class="healing">■ healing</tspan></text>`,
    ...body,
    '</svg>\n',
  ].join('\n');
}

const STYLE = `<style>
.ground { fill: #fff } text { fill: #57636f } path { fill: none; stroke-width: 2.2; stroke-linejoin: round }
tspan.plain { fill: #c02a37 } path.plain { stroke: #c02a37 } tspan.healing { fill: #0b7a55 } path.healing { stroke: #0b7a55 }
.outage { fill: #c02a37; opacity: .09 } line { stroke: #dfe4ea }
@media (prefers-color-scheme: dark) {
.ground { fill: #0d1218 } text { fill: #98a6b4 } line { stroke: #2a3541 }
tspan.plain { fill: #ff7b84 } path.plain { stroke: #ff7b84 } tspan.healing { fill: #4fc99a } path.healing { stroke: #4fc99a } }
</style>`;

function panelOf({ title, most, unit, plain, healing }: Panel, plan: FaultPlan, top: number): string {
  const x = (atMs: number): number => LEFT + (atMs / plan.durationMs) * (WIDTH - LEFT - 20);
  const y = (value: number): number => top + PANEL - (value / most) * PANEL;
  const outage = phaseWith(plan, 'outage');
  const curve = (points: readonly Point[], name: string): string => {
    const path = points.map(([atMs, value]) => `${x(atMs).toFixed(1)} ${y(value).toFixed(1)}`).join('L');
    return `<path class="${name}" d="M${path}"/>`;
  };
  const marks = [0, most / 2, most].map(
    (value) =>
      `<line x1="${LEFT}" x2="${WIDTH - 20}" y1="${y(value)}" y2="${y(value)}"/><text x="${LEFT - 8}" y="${y(value) + 4}" text-anchor="end">${value}${unit}</text>`,
  );
  const shade = `<rect class="outage" x="${x(outage.beginsMs)}" y="${top}" width="${x(outage.endsMs) - x(outage.beginsMs)}" height="${PANEL}"/>`;
  const words = `<text x="${x(outage.beginsMs) + 4}" y="${top + 14}">${outage.name}</text><text x="${LEFT}" y="${top + PANEL + 18}">${title}; ${Math.round(plan.durationMs / SECOND_MS)} s</text>`;
  return [shade, ...marks, curve(plain, 'plain'), curve(healing, 'healing'), words].join('\n');
}

function successOf(answers: readonly Answer[], { durationMs }: FaultPlan): readonly Point[] {
  const bins = Array.from({ length: Math.ceil(durationMs / BIN_MS) }, () => ({ all: 0, fine: 0 }));
  for (const { atMs, outcome } of answers) {
    const bin = bins[Math.floor(atMs / BIN_MS)];
    if (bin === undefined) continue;
    bin.all += 1;
    if (outcome !== 'failed') bin.fine += 1;
  }
  return bins.flatMap(({ all, fine }, index): Point[] =>
    all === 0 ? [] : [[(index + 0.5) * BIN_MS, (fine / all) * 100]],
  );
}

function loadOf(samples: readonly LoadSample[]): readonly Point[] {
  return samples.flatMap(({ atMs, upstreamCalls }, index): Point[] => {
    const before = samples[index - 1];
    if (before === undefined || atMs <= before.atMs || before.atMs < 0) return [];
    return [
      [(atMs + before.atMs) / 2, ((upstreamCalls - before.upstreamCalls) / (atMs - before.atMs)) * SECOND_MS],
    ];
  });
}

function roundUp(value: number): number {
  return Math.ceil(value / 50) * 50;
}
