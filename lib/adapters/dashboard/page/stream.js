/** The stream of frames, and how it comes back when it breaks. */
import { addressOf } from './orders.js';

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;
/** A frame comes every second; without any for so long the line is dead. */
const SILENCE_MS = 6_000;
/** A page that nobody sees lets go of its connection. */
const HIDDEN_MS = 60_000;

export class Stream {
  constructor(onFrame, onLink) {
    Object.assign(this, { onFrame, onLink, source: undefined, waitMs: FIRST_WAIT_MS });
    document.addEventListener('visibilitychange', () => this.seen());
    this.open();
  }

  open() {
    this.close();
    this.onLink('connecting');
    this.source = new EventSource(addressOf('events'));
    this.listen();
    for (const name of ['catalogue', 'state', 'delta']) {
      this.source.addEventListener(name, (event) => this.told(name, event.data));
    }
    // A browser gives up for good after an answer such as 502, and tries for ever after a lost line: we decide.
    this.source.addEventListener('error', () => this.again());
  }

  told(name, data) {
    this.waitMs = FIRST_WAIT_MS;
    this.listen();
    this.onLink('live');
    this.onFrame(name, JSON.parse(data));
  }

  listen() {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.again(), SILENCE_MS);
  }

  again() {
    this.close();
    this.onLink('lost');
    this.retry = setTimeout(() => this.open(), this.waitMs * (0.5 + Math.random() / 2));
    this.waitMs = Math.min(LONGEST_WAIT_MS, this.waitMs * 2);
  }

  close() {
    clearTimeout(this.silence);
    clearTimeout(this.retry);
    this.source?.close();
    this.source = undefined;
  }

  seen() {
    clearTimeout(this.hiding);
    if (!document.hidden && this.source === undefined) this.open();
    if (!document.hidden) return;
    this.hiding = setTimeout(() => {
      this.close();
      this.onLink('asleep');
    }, HIDDEN_MS);
  }
}
