import type { Counts } from './stage.js';

/** What one scene added to the counts. */
export interface SceneResult {
  readonly title: string;
  readonly counts: Counts;
}

const COLUMNS = [
  'requests',
  'executions',
  'replays',
  'takeovers',
  'charges',
] as const satisfies (keyof Counts)[];

/** Scene by scene, and in all. */
export function ordersTable(results: readonly SceneResult[], total: Counts): string {
  const rows = [...results, { title: 'in all', counts: total }];
  const titleWidth = Math.max(...rows.map(({ title }) => title.length));
  const line = (title: string, cells: readonly string[]): string =>
    `  ${title.padEnd(titleWidth)}${cells.map((cell, column) => cell.padStart(widthOf(column))).join('')}`;
  const head = line('', COLUMNS);
  const lines = rows.map(({ title, counts }) =>
    line(
      title,
      COLUMNS.map((column) => String(counts[column])),
    ),
  );
  const rule = `  ${'─'.repeat(head.length - 2)}`;
  return ['', head, rule, ...lines, '', ...captionOf(results.length, total), ''].join('\n');
}

function widthOf(column: number): number {
  return (COLUMNS[column]?.length ?? 0) + 3;
}

function captionOf(orders: number, { charges }: Counts): string[] {
  const sum = `  ${orders} orders, ${charges} charges.`;
  if (charges > orders) return [`${sum} Somebody has paid twice.`];
  return [
    `${sum} The killed process had charged its order and told nobody; the one that took over`,
    '  asked payments again, under the same number of the order, and was given the same receipt.',
  ];
}
