import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { ResilienceHealthIndicator } from './resilience.health.js';

/** Brings `ResilienceHealthIndicator`, for who does not name it as a provider beside `TerminusModule`. */
@Module({
  imports: [TerminusModule],
  providers: [ResilienceHealthIndicator],
  exports: [ResilienceHealthIndicator],
})
export class ResilienceHealthModule {}
