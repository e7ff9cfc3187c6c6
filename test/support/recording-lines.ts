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
    return (message: unknown, context?: unknown): void => {
      this.lines.push(`${level} ${String(context)}: ${String(message)}`);
    };
  }
}
