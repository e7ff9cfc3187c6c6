/** From so many parts on, the texts of objects are remembered: what is met again is not walked through again. */
export const MANY_PARTS = 100_000;
/**
 * In UTF-16 code units. References to shared objects let few objects stand for more text than there is memory, and
 * longer texts would stop everything else for more than a second.
 */
export const LONGEST_TEXT = 2 ** 27;
/** Why what would be longer is refused. */
export const TOO_LARGE = 'is too large to be compared';

/** Longer texts go to the engine's own escaping at once: a look first would cost more than it saves. */
const SHORT_TEXT = 64;
/** What JSON escapes: a lone surrogate too, which an encoder would turn into U+FFFD. */
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const TO_ESCAPE = /["\\\u0000-\u001f\ud800-\udfff]/;

/** As JSON, where a lone surrogate stays what it is. */
export function quoted(text: string): string {
  return text.length < SHORT_TEXT && !TO_ESCAPE.test(text) ? `"${text}"` : JSON.stringify(text);
}

/** By UTF-16 code units. A look comes first: it costs a tenth of a sorting, and few objects have many members. */
export function inOrder(names: string[]): readonly string[] {
  for (let index = 1; index < names.length; index += 1) {
    if ((names[index - 1] ?? '') > (names[index] ?? '')) return names.sort();
  }
  return names;
}
