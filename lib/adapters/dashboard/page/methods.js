/** The methods of the application, a row each. */
import { arrange, byId, setText } from './dom.js';
import { MethodRow } from './method-row.js';
import { stateTone } from './words.js';

/** So long an order of rows stands, unless somebody asks for another. */
const SORT_EVERY_SECONDS = 3;

const ORDERS = {
  trouble: (model) => (operation) => -troubleOf(model, operation),
  traffic: (model) => (operation) => -model.recent(operation).calls,
  latency: () => (operation) => -(operation.latency?.p95Ms ?? -1),
  name: () => () => 0,
};

function troubleOf(model, operation) {
  const { failure, rejected, fallback, retries, calls } = model.recent(operation);
  const state = model.breakerOf(operation)?.state;
  const isBroken = state !== undefined && stateTone(state) !== 'good';
  return failure * 4 + rejected * 3 + fallback * 2 + retries + (isBroken ? 1_000 : 0) + (calls > 0 ? 0.5 : 0);
}

export class Methods {
  constructor(model, orders) {
    this.model = model;
    this.orders = orders;
    this.table = byId('method-table');
    this.filter = byId('filter');
    this.order = byId('order');
    this.rows = new Map();
    this.visible = new Set();
    this.sortedAt = -1;
    this.watcher = new IntersectionObserver((entries) => this.seen(entries), { rootMargin: '200px' });
    this.filter.addEventListener('input', () => this.update(true));
    this.order.addEventListener('change', () => this.update(true));
    this.table.addEventListener('keydown', (event) => this.walk(event));
  }

  /** Shows what the model knows now. */
  update(isAsked = false) {
    const { model } = this;
    const all = model.shown();
    for (const operation of all) this.rowOf(operation);
    this.forget(all);
    const isDue = model.second - this.sortedAt >= SORT_EVERY_SECONDS && !this.isInUse();
    if (isAsked || isDue) this.sort(all);
    for (const row of this.visible) row.update();
    setText(byId('methods-count'), this.countText(all));
  }

  countText(all) {
    const shown = this.table.tBodies.length;
    return shown === all.length ? String(all.length) : `${shown} of ${all.length}`;
  }

  /** Rows do not move under a hand or a reader. */
  isInUse() {
    return this.table.matches(':focus-within, :hover');
  }

  sort(all) {
    const text = this.filter.value.trim().toLowerCase();
    const weigh = ORDERS[this.order.value](this.model);
    const weighed = all
      .filter(({ entry }) => entry.operation.toLowerCase().includes(text))
      .map((operation) => ({ operation, weight: weigh(operation), wired: operation.entry.isWired ? 0 : 1 }));
    weighed.sort(
      (one, other) =>
        one.wired - other.wired ||
        one.weight - other.weight ||
        one.operation.entry.operation.localeCompare(other.operation.entry.operation),
    );
    const bodies = weighed.map(({ operation }) => this.rowOf(operation).element);
    arrange(this.table, [this.table.tHead, ...bodies]);
    byId('methods-empty').hidden = bodies.length > 0;
    this.sortedAt = this.model.second;
  }

  rowOf(operation) {
    const known = this.rows.get(operation.index);
    if (known !== undefined && known.operation === operation) return known;
    const row = new MethodRow(operation, this.model, this.orders);
    this.rows.set(operation.index, row);
    row.element.row = row;
    this.watcher.observe(row.element);
    this.sortedAt = -1;
    return row;
  }

  /** What another process had. */
  forget(all) {
    if (this.rows.size === all.length) return;
    const known = new Set(all.map(({ index }) => index));
    for (const [index, row] of this.rows) {
      if (known.has(index)) continue;
      this.watcher.unobserve(row.element);
      this.rows.delete(index);
      this.visible.delete(row);
    }
  }

  seen(entries) {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) this.visible.add(target.row);
      else this.visible.delete(target.row);
      if (isIntersecting) target.row.update();
    }
  }

  /** Arrow keys go from method to method. */
  walk(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined || !event.target.classList.contains('name')) return;
    const names = [...this.table.querySelectorAll('button.name')];
    names[names.indexOf(event.target) + step]?.focus();
    event.preventDefault();
  }
}
