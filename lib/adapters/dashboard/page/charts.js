/** Small charts: bars of the last minute, one per second. */
import { SECONDS } from './model.js';

const HEIGHT = 24;
const NAMESPACE = 'http://www.w3.org/2000/svg';
const GAP = 0.22;

/** From the bottom upwards. */
export const OUTCOMES = ['success', 'fallback', 'rejected', 'failure'];

/** Bars of several series on top of each other. */
export class Bars {
  constructor(names, properties = {}) {
    this.element = document.createElementNS(NAMESPACE, 'svg');
    this.element.setAttribute('viewBox', `0 0 ${SECONDS} ${HEIGHT}`);
    this.element.setAttribute('preserveAspectRatio', 'none');
    this.element.setAttribute('class', properties.class ?? 'bars');
    this.element.setAttribute('role', 'img');
    this.paths = names.map((name) => {
      const path = document.createElementNS(NAMESPACE, 'path');
      path.setAttribute('data-series', name);
      this.element.append(path);
      return path;
    });
  }

  /** Draws the series, each as long as a minute, and says in words what they show. */
  draw(series, label) {
    const totals = series[0].map((_, index) => series.reduce((sum, each) => sum + each[index], 0));
    const most = Math.max(1, ...totals);
    const base = Array.from({ length: SECONDS }, () => 0);
    series.forEach((values, index) => {
      const path = outline(values, base, most);
      if (this.paths[index].getAttribute('d') !== path) this.paths[index].setAttribute('d', path);
    });
    if (this.element.getAttribute('aria-label') !== label) this.element.setAttribute('aria-label', label);
  }
}

/** The bars of one series on top of `base`, which grows by them. */
function outline(values, base, most) {
  let path = '';
  values.forEach((value, index) => {
    if (value === 0) return;
    const from = HEIGHT - (base[index] / most) * HEIGHT;
    const height = Math.max(0.6, (value / most) * HEIGHT);
    base[index] += value;
    path += `M${index} ${from.toFixed(2)}h${1 - GAP}v${(-height).toFixed(2)}h${GAP - 1}z`;
  });
  return path;
}

/** The states of a breaker over the last minutes, as a band. */
export class StateBand {
  constructor(minutes) {
    this.lengthMs = minutes * 60_000;
    this.minutes = minutes;
    this.element = document.createElementNS(NAMESPACE, 'svg');
    this.element.setAttribute('viewBox', '0 0 100 4');
    this.element.setAttribute('preserveAspectRatio', 'none');
    this.element.setAttribute('class', 'band');
    this.element.setAttribute('role', 'img');
  }

  draw(changes, state, nowMs) {
    const spans = spansOf(changes, state, nowMs, this.lengthMs);
    const rects = spans.map(({ from, until, state: each }) => {
      const rect = document.createElementNS(NAMESPACE, 'rect');
      rect.setAttribute('data-state', each);
      rect.setAttribute('x', (from * 100).toFixed(2));
      rect.setAttribute('width', Math.max(0.4, (until - from) * 100).toFixed(2));
      rect.setAttribute('height', '4');
      return rect;
    });
    this.element.replaceChildren(...rects);
    const label = `${changes.length} changes, the last ${this.minutes} minutes: ${spans.map((each) => each.state).join(', ')}`;
    this.element.setAttribute('aria-label', label);
  }
}

/** Parts of the band, 0 to 1, oldest first. */
function spansOf(changes, state, nowMs, lengthMs) {
  const beganMs = nowMs - lengthMs;
  const recent = changes.filter(([atMs]) => atMs >= beganMs);
  const before = changes.findLast(([atMs]) => atMs < beganMs);
  const first = recent[0]?.[1] ?? before?.[2] ?? state;
  const points = [[beganMs, undefined, first], ...recent];
  return points.map(([atMs, , to], index) => ({
    from: (atMs - beganMs) / lengthMs,
    until: ((points[index + 1]?.[0] ?? nowMs) - beganMs) / lengthMs,
    state: to,
  }));
}
