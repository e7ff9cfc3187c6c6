/** Orders to the process, and what became of them. */
import { byId, make, named } from './dom.js';

const TOAST_MS = 8_000;

/** Beside the page, whatever prefix or proxy stands before it. */
export function addressOf(name) {
  return `${location.pathname.replace(/\/$/, '')}/${name}`;
}

export class Orders {
  constructor(model) {
    this.model = model;
    this.toast = byId('toast');
    this.timer = undefined;
  }

  get areAllowed() {
    return this.model.about?.canControl === true;
  }

  /** Sends an order, after a question where one is asked. */
  async give(order, question) {
    if (question !== undefined && !(await confirmed(question))) return;
    try {
      const response = await fetch(addressOf('control'), {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-resilience-control': this.model.about.token },
        body: JSON.stringify(order),
      });
      const message = await messageOf(response);
      this.say(response.ok ? message : `Refused (${response.status}): ${message}`, response.ok);
    } catch {
      this.say('The application did not answer; nothing is known to have happened.', false);
    }
  }

  say(text, isGood) {
    clearTimeout(this.timer);
    this.toast.hidden = false;
    this.toast.dataset.tone = isGood ? 'good' : 'bad';
    this.toast.replaceChildren(named('span', text.slice(0, 600)));
    this.timer = setTimeout(() => (this.toast.hidden = true), TOAST_MS);
  }
}

/** Whatever shape a filter of the application gives its refusals. */
async function messageOf(response) {
  const text = await response.text();
  try {
    const { message } = JSON.parse(text);
    return typeof message === 'string' ? message : response.statusText;
  } catch {
    return response.statusText || 'no reason given';
  }
}

function confirmed(question) {
  const dialog = byId('confirm');
  byId('confirm-text').replaceChildren(named('span', question));
  return new Promise((resolve) => {
    const yes = byId('confirm-yes');
    const no = byId('confirm-no');
    const answer = (isYes) => {
      yes.onclick = no.onclick = dialog.onclose = null;
      dialog.close();
      resolve(isYes);
    };
    yes.onclick = () => answer(true);
    no.onclick = () => answer(false);
    dialog.onclose = () => answer(false);
    dialog.showModal();
    no.focus();
  });
}

/** A small form that sets a number; it keeps what is being typed. */
export function numberForm({ label, unit = '', step = '1', min = '1', max, onSet, verb = 'Set' }) {
  const input = make('input', {
    type: 'number',
    min,
    max,
    step,
    required: true,
    inputmode: 'decimal',
    'aria-label': label,
  });
  const form = make(
    'form',
    { class: 'setter' },
    make('span', { text: label }),
    input,
    make('span', { text: unit }),
    make('button', { text: verb }),
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    onSet(Number(input.value));
  });
  return {
    element: form,
    input,
    suggest: (value) => {
      if (document.activeElement !== input && input.dataset.suggested !== String(value)) {
        input.value = input.dataset.suggested = String(value);
      }
    },
  };
}
