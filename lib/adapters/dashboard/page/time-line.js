/** The last things that happened, newest first. */
import { byId, Keyed, make, named, setAttribute } from './dom.js';
import { timeOf, toneOf } from './words.js';

const COMMON =
  /^(retry|budget|time-limiter|bulkhead|rate-limiter|fallback|hedge|idempotency)\.|rejected$|^more$/;

export class TimeLine {
  constructor(model) {
    this.model = model;
    this.kinds = byId('line-kinds');
    this.list = byId('line');
    this.lines = new Keyed(this.list, (line) => ({ element: lineOf(line), update: () => undefined }));
    this.kinds.addEventListener('change', () => this.update());
  }

  update() {
    const { lines, about } = this.model;
    const isRare = this.kinds.value === 'rare';
    const shown = lines.filter(({ kind }) => !isRare || !COMMON.test(kind)).toReversed();
    // Who reads further down keeps the place.
    const { scrollTop, scrollHeight } = this.list;
    this.lines.show(shown, ({ number }) => `${about.token} ${number}`);
    if (scrollTop > 0) this.list.scrollTop = scrollTop + (this.list.scrollHeight - scrollHeight);
    setAttribute(this.list, 'data-empty', String(shown.length === 0));
  }
}

function lineOf(line) {
  const { atMs, kind, operation, policy, text, error } = line;
  const words = make(
    'div',
    { class: 'words' },
    make('span', { class: 'kind', text: kind === 'more' ? 'and' : kind }),
  );
  if (operation !== '') words.append(' ', named('bdi', operation, { class: 'operation' }));
  if (policy !== '' && policy !== operation && !kind.startsWith(policy))
    words.append(' ', named('bdi', policy, { class: 'quiet' }));
  if (text !== '') words.append(' ', named('bdi', text, { class: 'text' }));
  if (error !== undefined) words.append(' ', named('div', error, { class: 'error' }));
  const time = make('time', { datetime: new Date(atMs).toISOString(), text: timeOf(atMs) });
  return make('li', { 'data-tone': toneOf(line), 'data-kind': kind }, time, words);
}
