import { fieldOf, tryToRead } from './error-facts.js';

/**
 * The first value of a header, whatever holds the headers: axios, fetch `Headers`, or a plain object, names in
 * any letter case. `undefined` where there is none.
 */
export function headerOf(headers: unknown, name: string): string | undefined {
  return asText(askedOf(headers, name)) ?? asText(listedIn(headers, name));
}

/** A header of the answer that an error, or a `Response`, tells of. */
export function responseHeaderOf(error: unknown, name: string): string | undefined {
  const response = fieldOf(error, 'response');
  return headerOf(fieldOf(response, 'headers'), name) ?? headerOf(fieldOf(error, 'headers'), name);
}

function askedOf(headers: unknown, name: string): unknown {
  const get = fieldOf(headers, 'get');
  return typeof get === 'function' ? tryToRead<unknown>(() => get.call(headers, name)) : undefined;
}

function listedIn(headers: unknown, name: string): unknown {
  if (typeof headers !== 'object' || headers === null) return undefined;
  const wanted = name.toLowerCase();
  const found = tryToRead(() => Object.keys(headers).find((each) => each.toLowerCase() === wanted));
  return found === undefined ? undefined : fieldOf(headers, found);
}

function asText(value: unknown): string | undefined {
  const first = tryToRead<unknown>(() => (Array.isArray(value) ? value[0] : value));
  if (typeof first === 'number') return String(first);
  return typeof first === 'string' ? first : undefined;
}
