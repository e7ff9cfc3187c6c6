import type { AlertClearedEvent, AlertRaisedEvent } from '../../core/events.js';

/** An alert's event without its time, which the hub adds. */
export type AlertNotice = Omit<AlertRaisedEvent, 'timestampMs'> | Omit<AlertClearedEvent, 'timestampMs'>;

/** Where nothing is left to wait for. */
export const NEVER = Number.POSITIVE_INFINITY;
