import { afterEach } from '@jest/globals';
import { Logger, type LoggerService } from '@nestjs/common';

/** A line that an application has logged. */
export interface LoggedLine {
  readonly level: 'log' | 'warn' | 'error' | 'debug';
  readonly message: string;
  readonly context: string;
}

/** Keeps what is logged through Nest's `Logger`. */
export class NestLog implements LoggerService {
  readonly lines: LoggedLine[] = [];

  /** What this package has logged on one level. */
  of(level: LoggedLine['level']): readonly string[] {
    return this.lines
      .filter((line) => line.level === level && line.context === 'Resilience')
      .map(({ message }) => message);
  }

  log(message: unknown, ...more: readonly unknown[]): void {
    this.keep('log', message, more);
  }

  warn(message: unknown, ...more: readonly unknown[]): void {
    this.keep('warn', message, more);
  }

  error(message: unknown, ...more: readonly unknown[]): void {
    this.keep('error', message, more);
  }

  debug(message: unknown, ...more: readonly unknown[]): void {
    this.keep('debug', message, more);
  }

  private keep(level: LoggedLine['level'], message: unknown, more: readonly unknown[]): void {
    this.lines.push({ level, message: String(message), context: String(more.at(-1) ?? '') });
  }
}

/** Keeps what is logged until the end of the test; an application that is given no logger of its own included. */
export function recordLog(): NestLog {
  const log = new NestLog();
  Logger.overrideLogger(log);
  restoreAfterwards = true;
  return log;
}

let restoreAfterwards = false;

afterEach(() => {
  if (restoreAfterwards) Logger.overrideLogger(false);
  restoreAfterwards = false;
});
