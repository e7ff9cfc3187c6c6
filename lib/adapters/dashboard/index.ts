export { ResilienceDashboardModule } from './dashboard.module.js';
export { DASHBOARD_DEFAULTS } from './dashboard.options.js';
export type { DashboardGuard, ResilienceDashboardOptions } from './dashboard.options.js';
