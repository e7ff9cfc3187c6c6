import { FixedWindows } from './fixed-windows.js';
import type { RateLimiterType } from './rate-limiter.options.js';
import { RollingWindow } from './rolling-window.js';
import { SmoothPace } from './smooth-pace.js';
import type { Rate, Schedule } from './schedule.js';

/** The schedule of a type of rate limiter, nothing started yet. */
export function scheduleOf(type: RateLimiterType, rate: Rate): Schedule {
  switch (type) {
    case 'rolling':
      return new RollingWindow(rate);
    case 'fixed':
      return new FixedWindows(rate);
    case 'smooth':
      return new SmoothPace(rate);
  }
}
