import type { Duration } from '../../lib/core/duration.js';

export const durations: Duration[] = [250, '250ms', '2s', '5m', '24h', '7d'];

// @ts-expect-error there is no such unit
export const week: Duration = '1w';

// @ts-expect-error a number of milliseconds is not a string
export const withoutUnit: Duration = '250';
