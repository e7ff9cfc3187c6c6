import { Controller, Get } from '@nestjs/common';
import { Stats, type StatsReport } from './stats.js';

@Controller('stats')
export class StatsController {
  constructor(private readonly stats: Stats) {}

  @Get()
  report(): StatsReport {
    return this.stats.report();
  }
}
