import { discardBody } from './http-request.js';

interface OpenAnswer {
  readonly body: unknown;
  /** Number of the attempt that it answered. */
  readonly attempt: number;
}

/** The answers of one call whose bodies are still open; hedged attempts may have several at a time. */
export class OpenAnswers {
  private readonly open = new Map<unknown, OpenAnswer>();

  keep(answer: unknown, opened: OpenAnswer): void {
    this.open.set(answer, opened);
  }

  has(answer: unknown): boolean {
    return this.open.has(answer);
  }

  /** Lets go of what earlier attempts have left: another one takes their place. */
  letGoBefore(attempt: number): void {
    for (const [answer, opened] of this.open) if (opened.attempt < attempt) this.letGo(answer, opened);
  }

  /** Lets go of all but the outcome of the call. */
  letGoExcept(outcome: unknown): void {
    for (const [answer, opened] of this.open) if (answer !== outcome) this.letGo(answer, opened);
  }

  private letGo(answer: unknown, { body }: OpenAnswer): void {
    this.open.delete(answer);
    discardBody(body);
  }
}
