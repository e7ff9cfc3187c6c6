/** A method's row, and what opens beneath it. */
import { Bars, OUTCOMES } from './charts.js';
import { button, make, named, setAttribute, setText } from './dom.js';
import { MethodDetails } from './method-details.js';
import { RATE_SECONDS } from './model.js';
import { many, percent, rate, span, stateTone, stepWord } from './words.js';

const COLUMNS = ['calls/s', 'success', 'retries/s', 'p50', 'p95', 'p99'];

/** A method: a row, and beneath it what there is to know, when asked for. */
export class MethodRow {
  constructor(operation, model, orders) {
    Object.assign(this, { operation, model, orders, details: undefined });
    const { entry, index } = operation;
    this.chart = new Bars(OUTCOMES);
    this.chips = entry.segments.flatMap((segment) => segment).map((step) => chipOf(step));
    this.name = button('', () => this.toggle(), {
      class: 'name',
      'aria-expanded': 'false',
      'aria-controls': `details-${index}`,
    });
    this.name.append(...nameParts(entry.operation));
    const head = make('th', { role: 'rowheader', scope: 'row' }, this.name, this.pipeline(entry));
    this.cells = COLUMNS.map((label) => make('td', { role: 'cell', class: 'number', 'data-label': label }));
    const chart = make('td', { role: 'cell', class: 'chart' }, this.chart.element);
    this.row = make('tr', { role: 'row' }, head, chart, ...this.cells);
    this.element = make(
      'tbody',
      { role: 'rowgroup', class: entry.isWired ? 'method' : 'method unwired' },
      this.row,
    );
  }

  pipeline({ segments, isDecorated, isWired }) {
    const words = segments.map((segment) => segment.map(stepWord).join(', ')).join(' | ');
    const line = make(
      'span',
      { class: 'pipeline', 'aria-label': `pipeline: ${words || 'none'}`, role: 'group' },
      ...this.chips,
    );
    if (!isDecorated) line.append(make('span', { class: 'quiet', text: 'by name' }));
    if (!isWired) line.append(make('span', { class: 'quiet', text: 'nothing carries it' }));
    return line;
  }

  update() {
    const { operation, model } = this;
    const recent = model.recent(operation);
    const { latency } = operation;
    const texts = [
      rate(recent.calls / RATE_SECONDS),
      percent(recent.successShare),
      rate(recent.retries / RATE_SECONDS),
      span(latency?.p50Ms),
      span(latency?.p95Ms),
      span(latency?.p99Ms),
    ];
    this.cells.forEach((cell, index) => setText(cell, texts[index]));
    setAttribute(this.cells[1], 'data-tone', shareTone(recent));
    setAttribute(this.cells[2], 'data-tone', recent.retries > 0 ? 'warn' : 'quiet');
    const series = OUTCOMES.map((outcome) => model.series([operation], outcome));
    const total = series.flat().reduce((sum, each) => sum + each, 0);
    this.chart.draw(series, `${many(total, 'call')} in the last minute`);
    this.tellState(model.breakerOf(operation)?.state);
    this.details?.update();
  }

  tellState(state) {
    const chip = this.chips.find((each) => each.dataset.step === 'circuitBreaker');
    if (chip === undefined || state === undefined) return;
    setAttribute(chip, 'data-tone', stateTone(state));
    setText(chip, state === 'closed' ? 'breaker' : `breaker ${state}`);
    setAttribute(this.element, 'data-state', state);
  }

  toggle() {
    const isOpen = this.details !== undefined;
    this.name.setAttribute('aria-expanded', String(!isOpen));
    if (isOpen) {
      this.details.element.remove();
      this.details = undefined;
      return;
    }
    this.details = new MethodDetails(this.operation, this.model, this.orders);
    this.element.append(this.details.element);
    this.details.update();
  }
}

function shareTone({ calls, failure, rejected, successShare }) {
  if (calls === 0) return 'quiet';
  if (failure + rejected === 0) return successShare < 1 ? 'soft' : 'good';
  return (failure + rejected) / calls > 0.05 ? 'bad' : 'warn';
}

function chipOf(step) {
  return make('span', { class: 'chip', 'data-step': step, text: stepWord(step) });
}

/** `Class.method`, the class quieter than the method. */
function nameParts(operation) {
  const dot = operation.indexOf('.');
  if (dot <= 0) return [named('bdi', operation)];
  return [
    named('bdi', operation.slice(0, dot + 1), { class: 'quiet' }),
    named('bdi', operation.slice(dot + 1)),
  ];
}
