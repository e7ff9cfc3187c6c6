import type { LoggerService, LogLevel } from '@nestjs/common';

/** Keeps what is logged through Nest's `Logger`, as `level context: text`. */
export class RecordingLines implements LoggerService {
  readonly lines: string[] = [];

  /** What was logged by this package. */
  get own(): readonly string[] {
    return this.lines.filter((line) => line.includes(' Resilience: '));
  }

  debug = this.keep('debug');
  log = this.keep('log');
  warn = this.keep('warn');
  error = this.keep('error');

  private keep(level: LogLevel) {
    // The context comes last: of an error a stack stands before it.
    return (message: unknown, ...more: readonly unknown[]): void => {
      this.lines.push(`${level} ${String(more.at(-1))}: ${String(message)}`);
    };
  }
}
