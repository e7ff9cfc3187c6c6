import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { METRICS, type MetricDefinition } from '../../../../lib/nest/index.js';
import { prometheusName } from '../../../../lib/adapters/prometheus/index.js';

const ROOT = join(import.meta.dirname, '../../../..');
const FOLDER = 'lib/adapters/prometheus';

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

interface Dashboard {
  readonly uid: string;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly query: unknown }[] };
}

const read = (file: string): string => readFileSync(join(ROOT, FOLDER, file), 'utf8');
const dashboard = JSON.parse(read('grafana-dashboard.json')) as Dashboard;
const targets = dashboard.panels.flatMap((panel) => panel.targets ?? []);
const variables = JSON.stringify(dashboard.templating.list.map(({ query }) => query));
const rules = read('alert-rules.yml');
const ruleExpressions = [...rules.matchAll(/^ +expr: (.+)$/gm)].map(([, expression]) => expression ?? '');

/** Every series of the package by its name in Prometheus, with the labels it has. */
function seriesOf(metric: MetricDefinition): readonly (readonly [string, readonly string[]])[] {
  const name = prometheusName(metric);
  if (metric.type !== 'histogram') return [[name, metric.labels]];
  return [
    [`${name}_bucket`, [...metric.labels, 'le']],
    [`${name}_count`, metric.labels],
    [`${name}_sum`, metric.labels],
  ];
}

const SERIES = new Map(Object.values(METRICS).flatMap((metric) => seriesOf(metric)));
const SERIES_NAME = /resilience_\w+/g;

/** What the contract says that labels may be. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  outcome:
    'success failure rejected fallback executed replayed in-flight mismatch taken-over store-down'.split(' '),
  state: ['closed', 'open', 'half-open', 'forced-open', 'disabled'],
  kind: ['success', 'failure', 'ignored', 'rejected', 'slow'],
  reason: ['exhausted', 'not-retryable', 'budget', 'deadline', 'retry-after', 'aborted', 'shutdown'],
};

/** What is wrong with the names in an expression. */
function problemsOf(expression: string): readonly string[] {
  const names = expression.match(SERIES_NAME) ?? [];
  const labels = new Set(names.flatMap((name) => SERIES.get(name) ?? []));
  const grouped = [...expression.matchAll(/(?:by|without) \(([^)]*)\)/g)].flatMap(([, list = '']) =>
    list.split(', '),
  );
  const matched = [...expression.matchAll(/(\w+)(?:=~|!=|!~|=)"([^"]*)"/g)];
  const values = matched.flatMap(([, label = '', text = '']) =>
    text.split('|').map((value): readonly [string, string] => [label, value]),
  );
  return [
    ...(names.length === 0 ? ['no metric'] : []),
    ...names.filter((name) => !SERIES.has(name)).map((name) => `no metric is called ${name}`),
    ...[...grouped, ...matched.map(([, label = '']) => label)]
      .filter((label) => !labels.has(label))
      .map((label) => `no label is called ${label}`),
    ...values
      .filter(([label, value]) => VALUES[label]?.includes(value) === false)
      .map(([label, value]) => `${label} is never ${value}`),
  ];
}

const overlap = (one: Panel['gridPos'], other: Panel['gridPos']): boolean =>
  one.x < other.x + other.w &&
  other.x < one.x + one.w &&
  one.y < other.y + other.h &&
  other.y < one.y + one.h;

describe('what is wrong with an expression', () => {
  it.each([
    ['rate(resilience_retry_total[1m])', 'no metric is called resilience_retry_total'],
    ['sum by (method) (resilience_calls_total)', 'no label is called method'],
    ['resilience_calls_total{outcome="succes"}', 'outcome is never succes'],
    ['up == 0', 'no metric'],
  ])('is found: %s', (expression, problem) => {
    expect(problemsOf(expression)).toEqual([problem]);
  });
});

describe('the Grafana dashboard', () => {
  it('asks for nothing that the door does not give', () => {
    expect(targets.flatMap(({ expr }) => problemsOf(expr))).toEqual([]);
    expect(variables.match(SERIES_NAME)?.every((name) => SERIES.has(name))).toBe(true);
  });

  it('shows every metric', () => {
    const asked = new Set(targets.flatMap(({ expr }) => expr.match(SERIES_NAME) ?? []));
    const missing = Object.values(METRICS).filter(
      (metric) => !seriesOf(metric).some(([name]) => asked.has(name)),
    );

    expect(missing.map(({ name }) => name)).toEqual([]);
  });

  it('has panels with numbers, places and titles of their own', () => {
    const { panels } = dashboard;
    const shown = panels.filter(({ type }) => type !== 'row');

    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
    expect(shown.every(({ description, targets: own }) => description !== undefined && own?.length)).toBe(
      true,
    );
    const collisions = panels.filter((one, index) =>
      panels.slice(index + 1).some((other) => overlap(one.gridPos, other.gridPos)),
    );
    expect(collisions).toEqual([]);
  });

  it('names series by labels that they have', () => {
    const problems = targets.flatMap(({ expr, legendFormat }) => {
      const grouped = /by \(([^)]*)\)/.exec(expr)?.[1]?.split(', ') ?? [];
      const named = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label ?? '');
      return named.filter((label) => !grouped.includes(label));
    });

    expect(problems).toEqual([]);
  });
});

describe('the alert rules', () => {
  it('ask for nothing that the door does not give', () => {
    expect(ruleExpressions).toHaveLength(rules.match(/- alert: /g)?.length ?? 0);
    expect(ruleExpressions.flatMap((expression) => problemsOf(expression))).toEqual([]);
  });

  it('each have a name, a severity and a sentence of their own', () => {
    const names = [...rules.matchAll(/- alert: (\w+)/g)].map(([, name]) => name);
    const blocks = rules.split('- alert: ').slice(1);

    expect(new Set(names).size).toBe(names.length);
    expect(blocks.filter((block) => !/severity: (critical|warning)/.test(block))).toEqual([]);
    expect(blocks.filter((block) => !/summary: '.+'/.test(block))).toEqual([]);
  });
});

describe('the package', () => {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    readonly exports: Readonly<Record<string, unknown>>;
    readonly files: readonly string[];
  };

  const project = JSON.parse(readFileSync(join(ROOT, 'nest-cli.json'), 'utf8')) as {
    readonly projects: { readonly lib: { readonly compilerOptions: { readonly assets: readonly string[] } } };
  };

  it('holds both beside the code of the door, and the dashboard in its exports', () => {
    expect(project.projects.lib.compilerOptions.assets).toContain('adapters/prometheus/*.{json,yml}');
    expect(manifest.files).toContain('dist/lib');
    // The rules are no module: Prometheus reads them as a file.
    expect(manifest.exports['./prometheus/grafana-dashboard.json']).toBe(
      `./dist/${FOLDER}/grafana-dashboard.json`,
    );
  });
});
