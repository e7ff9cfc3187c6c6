import { show } from '../../core/index.js';

/** The longest name that is told. */
export const LONGEST_NAME = 160;
/** The longest message that is told. */
export const LONGEST_MESSAGE = 300;

/** A text of at most so many UTF-16 units, no letter of it cut in two. */
export function clipped(text: string, most: number): string {
  if (text.length <= most) return text;
  const end = isHighSurrogate(text.charCodeAt(most - 2)) ? most - 2 : most - 1;
  return `${text.slice(0, end)}…`;
}

/** What a failure says of itself, short; whatever it is made of, reading it changes nothing. */
export function failureText(error: unknown): string {
  try {
    if (!(error instanceof Error)) return clipped(show(error), LONGEST_MESSAGE);
    const { name, message } = error;
    return clipped(
      `${clipped(String(name), LONGEST_NAME)}: ${clipped(String(message), LONGEST_MESSAGE)}`,
      LONGEST_MESSAGE,
    );
  } catch {
    return 'an error that cannot be read';
  }
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd8_00 && unit <= 0xdb_ff;
}
