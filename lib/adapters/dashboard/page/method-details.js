/** What there is to know of one method. */
import { button, make, named, setText } from './dom.js';
import { addressOf, numberForm } from './orders.js';
import { count, stepWord } from './words.js';

export class MethodDetails {
  constructor(operation, model, orders) {
    Object.assign(this, { operation, model, orders });
    this.totals = make('dl', { class: 'facts' });
    this.shown = new Map();
    const columns = make('div', {}, section('Since the start', this.totals));
    void tellOptions(operation.index, columns);
    if (model.about.canDisturb && operation.entry.isDecorated && operation.entry.isWired)
      columns.append(this.chaosForm());
    const cell = make('td', { role: 'cell', colspan: '8' }, columns);
    this.element = make('tr', { role: 'row', class: 'details', id: `details-${operation.index}` }, cell);
  }

  update() {
    const { calls, events } = this.operation;
    const total = Object.values(calls).reduce((sum, each) => sum + each, 0);
    this.fact('calls', total);
    for (const [outcome, number] of Object.entries(calls)) this.fact(outcome, number);
    for (const [kind, number] of Object.entries(events)) this.fact(kind, number);
    if (this.chaos !== undefined) this.tellChaos();
  }

  fact(name, number) {
    let value = this.shown.get(name);
    if (value === undefined) {
      value = make('dd', { 'data-fact': name });
      this.shown.set(name, value);
      this.totals.append(make('div', {}, make('dt', { text: name }), value));
    }
    setText(value, count(number));
  }

  chaosForm() {
    const { orders, operation } = this;
    const id = operation.index;
    const latency = numberForm({ label: 'latency', unit: 'ms', min: '0', onSet: () => this.inject() });
    const errors = numberForm({
      label: 'errors',
      unit: '%',
      min: '0',
      max: '100',
      onSet: () => this.inject(),
    });
    Object.assign(this, { latency, errors });
    errors.suggest(50);
    latency.suggest(0);
    const clear = button('Clear', () => orders.give({ target: 'chaos', id, action: 'clear' }));
    this.chaos = make('p', { class: 'quiet' });
    errors.element.lastChild.remove();
    latency.element.lastChild.textContent = 'Inject';
    return section('Chaos', errors.element, latency.element, clear, this.chaos);
  }

  inject() {
    const { latency, errors, operation, orders } = this;
    const errorRate = Number(errors.input.value) / 100;
    const latencyMs = Number(latency.input.value);
    const order = { target: 'chaos', id: operation.index, action: 'inject', errorRate, latencyMs };
    void orders.give(
      order,
      `Inject ${errors.input.value} % errors and ${latencyMs} ms latency around ${operation.entry.operation}?`,
    );
  }

  tellChaos() {
    const running = this.model.gauges.chaos.find(({ index }) => index === this.operation.index);
    const text =
      running === undefined
        ? 'Nothing is injected from this page.'
        : `Injected: ${Math.round(running.errorRate * 100)} % errors, ${running.latencyMs} ms latency.`;
    setText(this.chaos, text);
  }
}

/** The options of a method come when somebody wants to see them. */
async function tellOptions(index, columns) {
  try {
    const response = await fetch(addressOf(`methods/${index}`));
    const { options } = await response.json();
    columns.append(...options.map(([policy, facts]) => policyFacts(policy, facts)));
  } catch {
    columns.append(section('Options', make('p', { text: 'The application did not answer.' })));
  }
}

function section(title, ...children) {
  return make('section', { class: 'detail' }, make('h3', { text: title }), ...children);
}

function policyFacts(policy, options) {
  const facts = options.map(([field, value]) =>
    make('div', {}, make('dt', { text: field }), named('dd', value)),
  );
  return section(stepWord(policy), make('dl', { class: 'facts' }, ...facts));
}
