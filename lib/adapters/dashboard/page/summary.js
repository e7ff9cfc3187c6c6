/** How the application is, in six numbers and a sentence. */
import { Bars, OUTCOMES } from './charts.js';
import { byId, make, setAttribute, setText } from './dom.js';
import { RATE_SECONDS } from './model.js';
import { count, many, percent, rate, span } from './words.js';

const KINDS = ['executed', 'replayed', 'in-flight', 'mismatch', 'taken-over', 'store-down'];

export class Summary {
  constructor(model) {
    this.model = model;
    const tiles = {
      calls: new Tile('calls/s', OUTCOMES),
      success: new Tile('success', ['success']),
      failure: new Tile('failures/s', ['failure']),
      retries: new Tile('retries/s', ['retries']),
      fallback: new Tile('fallbacks/s', ['fallback']),
      rejected: new Tile('rejected/s', ['rejected']),
      latency: new Tile('slowest p95', ['latency']),
    };
    this.tiles = tiles;
    byId('summary').append(...Object.values(tiles).map(({ element }) => element));
  }

  update() {
    const { model, tiles } = this;
    const shown = model.shown();
    const sums = sumOf(shown.map((operation) => model.recent(operation)));
    const series = Object.fromEntries(
      [...OUTCOMES, 'retries'].map((field) => [field, model.series(shown, field)]),
    );
    const perSecond = (number) => rate(number / RATE_SECONDS);
    const share = sums.calls === 0 ? undefined : sums.success / sums.calls;
    tiles.calls.show(
      perSecond(sums.calls),
      'quiet',
      OUTCOMES.map((field) => series[field]),
    );
    tiles.success.show(percent(share), shareTone(sums), [series.success]);
    tiles.failure.show(perSecond(sums.failure), toneIf(sums.failure, 'bad'), [series.failure]);
    tiles.retries.show(perSecond(sums.retries), toneIf(sums.retries, 'warn'), [series.retries]);
    tiles.fallback.show(perSecond(sums.fallback), toneIf(sums.fallback, 'soft'), [series.fallback]);
    tiles.rejected.show(perSecond(sums.rejected), toneIf(sums.rejected, 'warn'), [series.rejected]);
    tiles.latency.show(slowestText(shown), 'quiet', [meanSeries(series, model.series(shown, 'sumMs'))]);
    this.judge(sums);
    this.idempotency();
    this.process();
  }

  judge(sums) {
    const { breakersNotClosed = 0 } = this.model.gauges.totals;
    const troubled = sums.failure + sums.rejected;
    const parts = [];
    if (breakersNotClosed > 0) parts.push(`${many(breakersNotClosed, 'breaker')} not closed`);
    if (troubled > 0) parts.push(`${percent(troubled / sums.calls)} of calls fail or are refused`);
    else if (sums.fallback > 0)
      parts.push(`fallbacks answer ${percent(sums.fallback / sums.calls)} of calls`);
    const quiet = sums.calls === 0 ? 'Nothing is called' : 'All is well';
    const text = parts.join(', ') || quiet;
    setText(byId('verdict-text'), text);
    const tone = troubled > 0 ? 'bad' : parts.length > 0 ? 'warn' : 'good';
    setAttribute(byId('verdict'), 'data-tone', tone);
    document.title = `${parts.length > 0 ? '● ' : ''}${text} – ${this.model.about.title}`;
  }

  idempotency() {
    const { kinds } = this.model;
    const facts = KINDS.map((kind) => [kind, kinds[`idempotency.${kind}`] ?? 0]).filter(
      ([, number]) => number > 0,
    );
    byId('idempotency').closest('section').hidden = facts.length === 0;
    byId('idempotency').replaceChildren(
      ...facts.map(([kind, number]) =>
        make('div', {}, make('dt', { text: kind }), make('dd', { text: count(number), 'data-fact': kind })),
      ),
    );
  }

  process() {
    const { about, atMs } = this.model;
    setText(byId('title'), about.title);
    byId('title').dir = 'auto';
    setText(byId('process'), `${about.process}, up ${span(atMs - about.startedAtMs)}`);
  }
}

class Tile {
  constructor(label, series) {
    this.value = make('strong', { text: '–' });
    this.bars = new Bars(series);
    this.label = label;
    this.element = make(
      'div',
      { class: 'tile', 'data-tile': label },
      make('span', { class: 'quiet', text: label }),
      this.value,
      this.bars.element,
    );
  }

  show(text, tone, series) {
    setText(this.value, text);
    setAttribute(this.element, 'data-tone', tone);
    this.bars.draw(series, `${this.label}, the last minute`);
  }
}

function sumOf(all) {
  const sums = { success: 0, failure: 0, rejected: 0, fallback: 0, retries: 0, calls: 0 };
  for (const each of all) for (const field of Object.keys(sums)) sums[field] += each[field];
  return sums;
}

function shareTone({ calls, failure, rejected, success }) {
  if (calls === 0) return 'quiet';
  if (failure + rejected > 0) return 'bad';
  return success < calls ? 'soft' : 'good';
}

function toneIf(number, tone) {
  return number > 0 ? tone : 'quiet';
}

function slowestText(shown) {
  const slowest = Math.max(0, ...shown.map(({ latency }) => latency?.p95Ms ?? 0));
  return slowest === 0 ? '–' : span(slowest);
}

/** What a call took on average, second by second. */
function meanSeries(series, sums) {
  return sums.map((sumMs, second) => {
    const calls = OUTCOMES.reduce((sum, outcome) => sum + series[outcome][second], 0);
    return calls === 0 ? 0 : sumMs / calls;
  });
}
