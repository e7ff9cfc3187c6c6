import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** The page as it is sent: one document that needs nothing else, and the policy that allows nothing else. */
export interface Page {
  readonly html: string;
  readonly policy: string;
}

const IMPORT = /^import \{([^}]*)\} from '\.\/([\w-]+)\.js';$/gm;
const EXPORT = /^export (?=(?:class|function|const) (\w+))/gm;

/** Puts the page together of its files; asked once per application. */
export function makePage(): Page {
  const style = read('page.css');
  const script = linked('main');
  // Functions, since `$` means something in a replacement text.
  const html = read('page.html')
    .replace(/<style>.*?<\/style>/s, () => `<style>${style}</style>`)
    .replace(/<script type="module">.*?<\/script>/s, () => `<script type="module">${script}</script>`);
  return { html, policy: policyFor(script, style) };
}

/** Nothing from elsewhere, and of what is here only what was written here. */
function policyFor(script: string, style: string): string {
  return [
    `default-src 'none'`,
    `script-src '${digest(script)}'`,
    `style-src '${digest(style)}'`,
    `connect-src 'self'`,
    `img-src data:`,
    `base-uri 'none'`,
    `form-action 'none'`,
    `frame-ancestors 'none'`,
    `require-trusted-types-for 'script'`,
    `trusted-types 'none'`,
  ].join('; ');
}

function digest(source: string): string {
  return `sha256-${createHash('sha256').update(source).digest('base64')}`;
}

/**
 * The modules of the page as one script, each after those that it imports: a document that is one piece needs no
 * address of its parts, whatever prefix or proxy stands before it.
 */
function linked(entry: string): string {
  const done = new Set<string>();
  const parts: string[] = ['const modules = {};'];
  const add = (name: string): void => {
    if (done.has(name)) return;
    done.add(name);
    const source = read(`${name}.js`);
    for (const [, , imported = ''] of source.matchAll(IMPORT)) add(imported);
    parts.push(asFunction(name, source));
  };
  add(entry);
  return `\n${parts.join('\n')}\n`;
}

/** A module as a function that gives what it exports. */
function asFunction(name: string, source: string): string {
  const exported = [...source.matchAll(EXPORT)].map(([, each]) => each).join(', ');
  const body = source.replaceAll(IMPORT, `const {$1} = modules['$2'];`).replaceAll(EXPORT, '');
  return `modules['${name}'] = (() => {\n${body}return { ${exported} };\n})();`;
}

function read(file: string): string {
  return readFileSync(new URL(`./page/${file}`, import.meta.url), 'utf8');
}
