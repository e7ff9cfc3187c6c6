/** Loads a peer from where this file is, as an application that lists it in this folder's package.json would. */
export function load(name) {
  return import(name);
}
