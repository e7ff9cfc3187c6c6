/** Puts the page together. */
import { byId, setAttribute, setText } from './dom.js';
import { Gauges } from './gauges.js';
import { Methods } from './methods.js';
import { Model } from './model.js';
import { Orders } from './orders.js';
import { Stream } from './stream.js';
import { Summary } from './summary.js';
import { TimeLine } from './time-line.js';

const LINKS = {
  connecting: ['connecting', 'quiet'],
  live: ['live', 'good'],
  lost: ['connection lost, trying again', 'bad'],
  asleep: ['asleep', 'quiet'],
};

const model = new Model();
const orders = new Orders(model);
const parts = [
  new Summary(model),
  new Gauges(model, orders),
  new Methods(model, orders),
  new TimeLine(model),
];
let isPaused = false;
let isPlanned = false;

function draw() {
  isPlanned = false;
  setAttribute(document.documentElement, 'data-told', '');
  for (const part of parts) part.update();
}

function plan() {
  if (isPlanned || isPaused || model.about === undefined) return;
  isPlanned = true;
  requestAnimationFrame(draw);
}

function showLink(link) {
  const [text, tone] = LINKS[link];
  setText(byId('link'), text);
  setAttribute(byId('link'), 'data-tone', tone);
  setAttribute(document.documentElement, 'data-link', link);
}

byId('pause').addEventListener('click', () => {
  isPaused = !isPaused;
  byId('pause').setAttribute('aria-pressed', String(isPaused));
  setText(byId('pause'), isPaused ? 'Go on' : 'Pause');
  plan();
});

new Stream((name, frame) => {
  model[name](frame);
  if (name !== 'catalogue') plan();
}, showLink);
