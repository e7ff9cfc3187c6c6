/** Elements without markup: whatever a text holds, it stays a text. */

/** The element of the document with this id. */
export function byId(id) {
  return document.getElementById(id);
}

/** Makes an element; `text` is its text, other properties are attributes. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === 'text') element.textContent = value;
    else if (value !== undefined && value !== false) element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children);
  return element;
}

/** A name that somebody else chose: its direction does not reach what stands around it. */
export function named(tag, text, properties = {}) {
  return make(tag, { ...properties, dir: 'auto', text });
}

/** Changes a text only where it differs, so that nothing is laid out, or read aloud, for nothing. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Changes an attribute only where it differs. */
export function setAttribute(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** Makes the children of an element those, in that order, touching none that stands right. */
export function arrange(parent, wanted) {
  let next = parent.firstElementChild;
  for (const child of wanted) {
    if (child === next) next = next.nextElementSibling;
    else parent.insertBefore(child, next);
  }
  while (next !== null) {
    const gone = next;
    next = next.nextElementSibling;
    gone.remove();
  }
}

/** Keeps one element per key, made when the key first comes and dropped when it is gone. */
export class Keyed {
  constructor(parent, create) {
    this.parent = parent;
    this.create = create;
    this.views = new Map();
  }

  /** Shows these items in this order. */
  show(items, keyOf) {
    const views = new Map();
    for (const item of items) {
      const key = keyOf(item);
      const view = this.views.get(key) ?? this.create(item);
      view.update(item);
      views.set(key, view);
    }
    this.views = views;
    arrange(
      this.parent,
      [...views.values()].map((view) => view.element),
    );
  }
}

/** A button with a task. */
export function button(text, onClick, properties = {}) {
  const element = make('button', { type: 'button', text, ...properties });
  element.addEventListener('click', onClick);
  return element;
}
