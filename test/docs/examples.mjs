const FENCE = /^\s*```(.*)$/;
const REASON = /^\/\/ \S/;

/**
 * The `ts` blocks of a Markdown text, each with the line that it begins on. A block is left out if it is marked
 * `ts nocheck` and its first line is a comment that says why; without the reason it is an error.
 */
export function examplesOf(markdown) {
  const examples = [];
  let open;
  for (const [index, line] of markdown.split('\n').entries()) {
    const info = FENCE.exec(line)?.[1].trim();
    if (open && info === '') {
      examples.push(...finished(open));
      open = undefined;
    } else if (open) {
      open.code.push(line);
    } else if (info !== undefined) {
      open = { info, line: index + 2, code: [] };
    }
  }
  if (open) throw new Error(`line ${open.line}: the block has no end`);
  return examples;
}

function finished({ info, line, code }) {
  const [language, ...marks] = info.split(' ');
  if (language !== 'ts' && language !== 'typescript') return [];
  if (!marks.includes('nocheck')) return [{ line, code: code.join('\n') }];
  if (REASON.test(code[0] ?? '')) return [];
  throw new Error(`line ${line}: a block marked nocheck begins with a comment that says why`);
}

/** A module of its own in which every line has the number that it has in the Markdown file. */
export function moduleOf({ line, code }) {
  return `${'\n'.repeat(line - 1)}${code}\nexport {};\n`;
}
