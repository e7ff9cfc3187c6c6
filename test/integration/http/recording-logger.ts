import type { LoggerService } from '@nestjs/common';

/** Keeps what an application logs as errors, and drops the rest. */
export class RecordingLogger implements LoggerService {
  readonly errors: unknown[] = [];

  error(message: unknown): void {
    this.errors.push(message);
  }

  log(): void {}

  warn(): void {}
}
