/** What a call brought in the place of a key. */
export type KeyReading =
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'missing' }
  /** `why` ends a sentence and never quotes the key. */
  | { readonly kind: 'invalid'; readonly why: string };

const MOST_CHARACTERS = 255;
const PRINTABLE = /^[\x20-\x7e]*$/;
/** A structured-field string, and what follows it. */
const QUOTED = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"(.*)$/;
/** Parameters of a structured field; without a comma, which would begin a second value of the header. */
const PARAMETERS = /^(?: *; *[a-z*][a-z0-9_.*-]*(?:=(?:"(?:[^"\\]|\\["\\])*"|[^ ",;]+))?)*$/;
/** With the flag `u` this meets only surrogates without their other half. */
const LONE_SURROGATE = /[\ud800-\udfff]/u;

const MISSING: KeyReading = { kind: 'missing' };

function invalid(why: string): KeyReading {
  return { kind: 'invalid', why };
}

/**
 * The key of an `Idempotency-Key` header as Node gives it: bare, or as the string of a structured field. Both
 * forms name the same key.
 */
export function readKeyHeader(header: string | readonly string[] | undefined): KeyReading {
  if (header === undefined) return MISSING;
  const [value = '', ...more] = typeof header === 'string' ? [header] : header;
  if (more.length > 0) return invalid('was sent more than once');
  const text = withoutOuterBlanks(value);
  if (!PRINTABLE.test(text)) return invalid('must consist of printable ASCII characters');
  return text.startsWith('"') ? readQuoted(text) : readBare(text);
}

/** Step by step: a pattern that looks for blanks at the end tries at each blank of a long header. */
function withoutOuterBlanks(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && isBlank(text, start)) start += 1;
  while (end > start && isBlank(text, end - 1)) end -= 1;
  return end - start === text.length ? text : text.slice(start, end);
}

function isBlank(text: string, index: number): boolean {
  return text[index] === ' ' || text[index] === '\t';
}

function readQuoted(text: string): KeyReading {
  const [, content, parameters] = QUOTED.exec(text) ?? [];
  if (content === undefined || parameters === undefined) return invalid('is not a well-formed quoted string');
  if (!PARAMETERS.test(parameters))
    return invalid('was sent more than once, or is followed by something else');
  return ofLength(content.replace(/\\(["\\])/g, '$1'));
}

function readBare(text: string): KeyReading {
  // Node joins a header that was sent twice with a comma.
  return text.includes(',') ? invalid('was sent more than once, or contains a comma') : ofLength(text);
}

function ofLength(key: string): KeyReading {
  if (key === '') return invalid('is empty');
  // What may count as one character is at most two units, so most texts need not be counted.
  const isTooLong = key.length > MOST_CHARACTERS && [...key].length > MOST_CHARACTERS;
  return isTooLong ? invalid(`has more than ${MOST_CHARACTERS} characters`) : { kind: 'key', key };
}

/** The key that a user's function gave. */
export function readGivenKey(given: unknown): KeyReading {
  if (given === undefined) return MISSING;
  if (typeof given !== 'string')
    return invalid(`must be a text, and is ${given === null ? 'null' : typeof given}`);
  if (LONE_SURROGATE.test(given)) return invalid('is not well-formed: it holds half of a character');
  return ofLength(given);
}
