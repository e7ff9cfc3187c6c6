/** What methods share: breakers, budgets, bulkheads, rate limiters. */
import { StateBand } from './charts.js';
import { button, byId, Keyed, make, named, setAttribute, setText } from './dom.js';
import { numberForm } from './orders.js';
import { count, many, percent, span, stateTone } from './words.js';

const CARDS = 12;
const BAND_MINUTES = 5;
const ASKED = {
  'force-open': 'refuse every call until you close it',
  disable: 'let every call through until you close it',
};
const ACTIONS = [
  ['force-open', 'Open'],
  ['close', 'Close'],
  ['disable', 'Disable'],
  ['reset', 'Reset'],
];

export class Gauges {
  constructor(model, orders) {
    this.model = model;
    this.areAllShown = false;
    this.more = byId('breakers-more');
    this.more.addEventListener('click', () => this.toggle());
    const listOf = (id, View) => new Keyed(byId(id), (gauge) => new View(gauge, model, orders));
    this.breakers = listOf('breakers', BreakerCard);
    this.meters = [
      ['budgets', listOf('budgets', BudgetMeter)],
      ['bulkheads', listOf('bulkheads', BulkheadMeter)],
      ['limiters', listOf('limiters', LimiterMeter)],
    ];
  }

  update() {
    const { gauges, about } = this.model;
    const { breakers, totals } = gauges;
    const shown = this.areAllShown ? breakers : breakers.slice(0, CARDS);
    const keyOf = (gauge) => `${about.token} ${gauge.id}`;
    this.breakers.show(shown, keyOf);
    this.more.hidden = breakers.length <= CARDS;
    setText(this.more, this.areAllShown ? 'Show fewer' : `Show ${breakers.length - CARDS} more`);
    setText(byId('breakers-count'), breakersText(totals));
    for (const [id, list] of this.meters) {
      list.show(gauges[id], keyOf);
      byId(id).closest('section').hidden = gauges[id].length === 0;
    }
  }

  toggle() {
    this.areAllShown = !this.areAllShown;
    this.more.setAttribute('aria-expanded', String(this.areAllShown));
    this.update();
  }
}

function breakersText({ breakers = 0, breakersNotClosed = 0 }) {
  return breakersNotClosed === 0
    ? `${breakers}, all closed`
    : `${breakersNotClosed} of ${breakers} not closed`;
}

class BreakerCard {
  constructor({ id, name }, model, orders) {
    Object.assign(this, { model, orders });
    this.state = make('span', { class: 'state' });
    this.bar = make('span', { class: 'fill' });
    this.mark = make('span', { class: 'mark-at' });
    this.meter = make('div', { class: 'meter', role: 'img' }, this.bar, this.mark);
    this.facts = make('p', { class: 'quiet facts-line' });
    this.band = new StateBand(BAND_MINUTES);
    this.element = make(
      'li',
      { class: 'card' },
      make('div', { class: 'card-head' }, named('h3', name), this.state),
      this.meter,
      this.facts,
      this.band.element,
    );
    if (orders.areAllowed) this.element.append(buttonsOf(id, name, orders));
  }

  update(breaker) {
    const { state, failureRate, failureRateThreshold: threshold, changes, mode } = breaker;
    setAttribute(this.element, 'data-state', state);
    setAttribute(this.element, 'data-tone', stateTone(state));
    setText(this.state, mode === 'shadow' ? `${state}, shadow` : state);
    setAttribute(this.meter, 'aria-label', `${percent(failureRate)} failed`);
    this.bar.style.width = `${failureRate * 100}%`;
    this.mark.hidden = threshold === false;
    this.mark.style.left = `${threshold * 100}%`;
    setText(this.facts, factsOf(breaker));
    this.band.draw(changes, state, this.model.atMs);
  }
}

function factsOf(breaker) {
  const {
    failures,
    recordedCalls,
    failureRate,
    consecutiveFailures,
    failureThreshold,
    minimumNumberOfCalls,
  } = breaker;
  const { slidingWindow, retryAfterMs, consecutiveOpens, keys, counters } = breaker;
  const window = slidingWindow.type === 'time' ? span(slidingWindow.sizeMs) : `${slidingWindow.size} calls`;
  const parts = [
    `${percent(failureRate)} failed, ${failures} of ${many(recordedCalls, 'call')} in ${window}`,
  ];
  if (recordedCalls < minimumNumberOfCalls && failureThreshold !== false && consecutiveFailures > 0) {
    parts.push(`${consecutiveFailures} of ${failureThreshold} in a row`);
  }
  if (retryAfterMs !== undefined) parts.push(`probes in ${span(retryAfterMs)}`);
  if (consecutiveOpens > 1) parts.push(`opened ${consecutiveOpens} times in a row`);
  if (counters.rejected > 0) parts.push(`${count(counters.rejected)} refused`);
  if (keys !== undefined) parts.push(many(keys, 'key'));
  return parts.join(' · ');
}

function buttonsOf(id, name, orders) {
  const buttons = ACTIONS.map(([action, word]) => {
    const question = ASKED[action] && `${word} “${name}”? It will ${ASKED[action]}.`;
    const give = () => orders.give({ target: 'breaker', id, action }, question);
    return button(word, give, { 'data-action': action, 'aria-label': `${word} ${name}` });
  });
  return make('div', { class: 'actions' }, ...buttons);
}

/** A name, a bar and a sentence. */
class Meter {
  constructor({ name }) {
    this.bar = make('span', { class: 'fill' });
    this.value = make('span', { class: 'number' });
    this.meter = make('div', { class: 'meter', role: 'img' }, this.bar);
    this.element = make(
      'li',
      {},
      make('div', { class: 'meter-head' }, named('span', name), this.value),
      this.meter,
    );
  }

  show(share, text, tone) {
    setText(this.value, text);
    setAttribute(this.meter, 'aria-label', text);
    setAttribute(this.element, 'data-tone', tone);
    this.bar.style.width = `${Math.min(1, Math.max(0, share)) * 100}%`;
  }
}

class BudgetMeter extends Meter {
  update({ balance, capacity }) {
    const tone = balance < 1 ? 'bad' : balance < capacity / 3 ? 'warn' : 'good';
    this.show(balance / capacity, `${balance.toFixed(1)} of ${count(capacity)} tokens`, tone);
  }
}

class BulkheadMeter extends Meter {
  constructor(gauge, model, orders) {
    super(gauge);
    if (!orders.areAllowed) return;
    const { id } = gauge;
    const onSet = (maxConcurrentCalls) => orders.give({ target: 'bulkhead', id, maxConcurrentCalls });
    this.setter = numberForm({ label: 'at a time', onSet });
    this.element.append(this.setter.element);
  }

  update({ inUse, queued, maxConcurrentCalls, maxQueueSize }) {
    const queue = maxQueueSize > 0 ? `, ${queued} of ${maxQueueSize} wait` : '';
    const tone = inUse >= maxConcurrentCalls ? 'bad' : inUse > maxConcurrentCalls * 0.7 ? 'warn' : 'good';
    this.show(inUse / maxConcurrentCalls, `${inUse} of ${maxConcurrentCalls} in use${queue}`, tone);
    this.setter?.suggest(maxConcurrentCalls);
  }
}

class LimiterMeter extends Meter {
  constructor(gauge, model, orders) {
    super(gauge);
    if (!orders.areAllowed) return;
    const { id } = gauge;
    this.setter = numberForm({
      label: 'limit',
      onSet: (limit) => orders.give({ target: 'rate-limiter', id, limit }),
    });
    this.element.append(this.setter.element);
  }

  update({ available, limit, windowMs, queued, keys }) {
    const used = available === undefined ? 0 : limit - available;
    const waits = queued > 0 ? `, ${queued} wait` : '';
    const text =
      available === undefined
        ? `${many(keys, 'key')}, ${limit} each in ${span(windowMs)}`
        : `${used} of ${limit} in ${span(windowMs)}`;
    this.show(used / limit, `${text}${waits}`, available === 0 ? 'bad' : 'good');
    this.setter?.suggest(limit);
  }
}
