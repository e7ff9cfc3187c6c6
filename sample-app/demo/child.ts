import type { Answer } from './answer.js';

/** What a child process tells the one that started it. */
export type ChildMessage =
  | { readonly kind: 'ready'; readonly port: number }
  | { readonly kind: 'answers'; readonly answers: readonly Answer[] }
  | { readonly kind: 'done' };

/** What the parent tells a child: when the plan begins, in milliseconds since 1970. */
export interface BeginMessage {
  readonly kind: 'begin';
  readonly startAtMs: number;
}

/**
 * The settings that the parent gave this process. From then on the process ends with its parent,
 * whatever ends that one, and leaves Ctrl-C (which the terminal sends to all) to the parent.
 */
export function childSettings<T>(): T {
  const [, script = '', settings] = process.argv;
  if (settings === undefined || process.send === undefined) {
    throw new Error(`${script} is started by "npm start" or "npm run demo", not by hand`);
  }
  process.on('disconnect', () => process.exit(0));
  if (!process.connected) process.exit(0); // the parent ended while this process was starting
  process.on('SIGINT', () => undefined);
  process.on('SIGHUP', () => undefined);
  return JSON.parse(settings) as T; // written by the parent, which has the type
}

export function tellParent(message: ChildMessage): void {
  // A failed delivery means that the parent is gone; 'disconnect' then ends this process.
  process.send?.(message, () => undefined);
}

export function onBegin(begin: (startAtMs: number) => void): void {
  process.on('message', (message: BeginMessage) => begin(message.startAtMs));
}

/** Runs `stop` when the parent wants this process to end, then ends it. */
export function onStop(stop: () => unknown): void {
  process.on('SIGTERM', () => {
    void Promise.resolve(stop()).finally(() => process.exit(0));
  });
}
