export type { AlertNotice } from './alert-notice.js';
export { resolveAlertOptions } from './alerts.options.js';
export type { AlertOptions, ResolvedAlertOptions } from './alerts.options.js';
export { ALERTING, AlertsRule } from './alerts.rule.js';
