/** How one checkout ended, as its caller saw it. */
export interface Answer {
  /** When it was due, in milliseconds since the plan began. */
  readonly atMs: number;
  /** From the moment it was due to its end. */
  readonly waitMs: number;
  readonly outcome: 'full' | 'degraded' | 'failed';
}
