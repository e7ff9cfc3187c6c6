/** The options of the application's `ResilienceModule`. */
export const RESILIENCE_OPTIONS = Symbol('RESILIENCE_OPTIONS');
