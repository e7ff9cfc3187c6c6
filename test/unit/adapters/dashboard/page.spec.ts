import { readdirSync } from 'node:fs';
import { Script } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { makePage } from '../../../../lib/adapters/dashboard/page-source.js';
// The scripts of the page are plain JavaScript.
// @ts-expect-error nothing declares it
import { Model } from '../../../../lib/adapters/dashboard/page/model.js';
// @ts-expect-error nothing declares it
import { percent, rate, span } from '../../../../lib/adapters/dashboard/page/words.js';

const FOLDER = new URL('../../../../lib/adapters/dashboard/page/', import.meta.url);

describe('the document', () => {
  const { html } = makePage();
  const script = /<script type="module">(.*)<\/script>/s.exec(html)?.[1] ?? '';

  it('holds every script of the page, each in its own scope, and none of the module syntax is left', () => {
    const files = readdirSync(FOLDER).filter((file) => file.endsWith('.js'));

    expect(files.filter((file) => !script.includes(`modules['${file.slice(0, -3)}'] = (`))).toEqual([]);
    expect(script).not.toMatch(/^(?:import|export) /m);
    expect(new Script(script)).toBeDefined();
  });

  it('makes no markup of texts', () => {
    expect(script).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function/);
  });
});

describe('what the page knows', () => {
  const frame = (second: number, rows: number[][], lines: { number: number }[] = []) => ({
    second,
    atMs: second * 1_000,
    operations: [{ index: 0, calls: {}, events: {}, rows }],
    kinds: {},
    lines,
    breakers: [],
    budgets: [],
    bulkheads: [],
    limiters: [],
    totals: {},
    chaos: [],
  });

  it('is the same whether it is told once or twice', () => {
    const model = new Model();
    const row = [9, 5, 1, 0, 0, 2, 60];

    model.state(frame(10, [row], [{ number: 1 }]));
    model.delta(frame(10, [row], [{ number: 1 }, { number: 2 }]));

    expect(model.recent(model.of(0))).toMatchObject({ calls: 6, success: 5, retries: 2 });
    expect(model.lines.map(({ number }: { number: number }) => number)).toEqual([1, 2]);
    expect(model.series([model.of(0)], 'success').at(-1)).toBe(5);
  });

  it('forgets what is older than a minute', () => {
    const model = new Model();

    model.state(frame(10, [[9, 5, 0, 0, 0, 0, 0]]));
    model.delta(frame(80, [[79, 1, 0, 0, 0, 0, 0]]));

    expect([...model.of(0).rows.keys()]).toEqual([79]);
  });

  it('begins anew with another process', () => {
    const model = new Model();
    model.catalogue({ about: { token: 'one' }, methods: [{ index: 0, operation: 'A.b', uses: {} }] });
    model.state(frame(10, [[9, 5, 0, 0, 0, 0, 0]], [{ number: 7 }]));

    model.catalogue({ about: { token: 'two' }, methods: [{ index: 0, operation: 'C.d', uses: {} }] });
    model.state(frame(1, [], [{ number: 1 }]));

    expect(model.recent(model.of(0)).calls).toBe(0);
    expect(model.lines).toEqual([{ number: 1 }]);
  });
});

describe('numbers for people', () => {
  it.each([
    [percent(1), '100 %'],
    [percent(0.9999), '>99.9 %'],
    [percent(0.9995), '>99.9 %'],
    [percent(0.995), '99.5 %'],
    [percent(0.0001), '<0.1 %'],
    [percent(0), '0 %'],
    [percent(undefined), '–'],
    [rate(0.04), '<0.1'],
    [rate(12_345), '12.3k'],
    [span(0.31), '0.31 ms'],
    [span(999.4), '999 ms'],
    [span(9_940), '9.9 s'],
    [span(90_000), '2 min'],
    [span(undefined), '–'],
  ])('%s is %s', (given, expected) => {
    expect(given).toBe(expected);
  });
});
