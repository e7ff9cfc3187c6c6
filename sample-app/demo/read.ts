import type { Child } from './child-processes.js';

/** Far more than it takes: the demo may share its machine with much else. */
const READ_WITHIN_MS = 20_000;

export function urlOf(child: Child): string {
  return `http://127.0.0.1:${child.port}`;
}

/** @throws {Error} when there is no answer with success in time */
export async function read<T>(url: string): Promise<T> {
  const response = await fetch(url, { signal: AbortSignal.timeout(READ_WITHIN_MS) });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return (await response.json()) as T; // our own processes: their answers are what their types say
}
