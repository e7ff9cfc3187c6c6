import { number } from './table.mjs';

const BEGIN = '<!-- bench: written by npm run bench -- --readme -->';
const END = '<!-- end of bench -->';
const PEERS = ['cockatiel', 'opossum', 'mollitia', 'nestjs-resilience'];

/** The text with the table of this run between the markers; @throws {Error} where they are missing */
export function withTable(text, rows, { node, calls, web }) {
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`the README needs the lines "${BEGIN}" and "${END}"`);
  const table = [...(calls ? callLines(rows, node) : []), ...(web ? webLines(web) : [])];
  return `${text.slice(0, begin + BEGIN.length)}\n\n${table.join('\n')}\n\n${text.slice(end)}`;
}

function callLines(rows, node) {
  const lines = rows
    .filter(({ peers }) => peers)
    .map((row) => {
      const peers = PEERS.map((peer) => (row.peers[peer] ? number(row.peers[peer].ratio) : '–'));
      const ours = `**${number(row.value)}** (${number(row.heapBytes, 0)} B)`;
      return `| ${[row.text.replaceAll(/(@\w+)/g, '`$1`'), ours, ...peers].join(' | ')} |`;
    });
  return [
    `Times a bare \`await\` of the same process, and heap bytes per call, Node ${node.slice(1)}:`,
    '',
    `| work | nestjs-selfheal | ${PEERS.join(' | ')} |`,
    `| --- | --- | ${PEERS.map(() => '---').join(' | ')} |`,
    ...lines,
    '',
    'A time limit or a key makes Node 20 track an async context, which makes the bare `await` of its process several',
    'times as dear: those rows are told against that one. What is missed of the goals is in [the bench](test/bench/README.md).',
  ];
}

function webLines({ rows }) {
  const added = (route) => {
    const { addedUs } = rows.find((row) => row.platform === 'express' && row.route === route);
    return `${number(addedUs, 0)} µs`;
  };
  const ours = `memory ${added('memory')}, Redis ${added('redis')}, PostgreSQL ${added('postgres')}`;
  return [
    '',
    `Server CPU that a request costs more on Express: three policies ${added('decorated')}, with a time limit`,
    `${added('limited')}; \`@Idempotent\` with ${ours}; node-idempotency with Redis ${added('peer-redis')}, and two`,
    `scripts that ask Redis and keep no promise at all ${added('floor-redis')}.`,
  ];
}
