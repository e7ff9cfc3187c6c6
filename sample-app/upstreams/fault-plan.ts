export type UpstreamName = 'payments' | 'inventory' | 'shipping';

/** What goes wrong with an upstream; `share` (0..1) of its requests meet it. */
export type Fault =
  | { readonly kind: 'slow'; readonly share: number; readonly delayMs: number }
  | { readonly kind: 'unavailable'; readonly share: number; readonly retryAfter: 'seconds' | 'date' }
  | { readonly kind: 'reset'; readonly share: number }
  | { readonly kind: 'hang'; readonly share: number }
  /** Takes every request and works on none; what has piled up must be worked off afterwards. */
  | { readonly kind: 'outage' }
  /** The process is killed when the phase begins and started again when it ends. */
  | { readonly kind: 'killed' };

export interface Phase {
  readonly name: string;
  readonly beginsMs: number;
  readonly endsMs: number;
  readonly faults: Readonly<Partial<Record<UpstreamName, Fault>>>;
}

/** How long a plan takes: for a reader before the terminal, or for a test. */
export type PlanLength = 'full' | 'short';

export interface FaultPlan {
  readonly phases: readonly Phase[];
  readonly durationMs: number;
  readonly requestsPerSecond: number;
  /** A caller who has waited this long goes away. */
  readonly patienceMs: number;
}

/** Seconds of a phase in the full and in the short plan, its name, its faults. */
type Step = readonly [full: number, short: number, name: string, faults: Phase['faults']];

const STEPS: readonly Step[] = [
  [3, 0.8, 'calm', {}],
  [
    3.5,
    0.6,
    'latency spikes',
    {
      payments: { kind: 'slow', share: 0.2, delayMs: 1_500 },
      inventory: { kind: 'slow', share: 0.2, delayMs: 1_500 },
      shipping: { kind: 'slow', share: 0.2, delayMs: 1_500 },
    },
  ],
  [
    2.5,
    0.5,
    '503, Retry-After in seconds',
    {
      payments: { kind: 'unavailable', share: 0.2, retryAfter: 'seconds' },
      inventory: { kind: 'unavailable', share: 0.1, retryAfter: 'seconds' },
    },
  ],
  [
    2.5,
    0.5,
    '503, Retry-After as a date',
    {
      payments: { kind: 'unavailable', share: 0.2, retryAfter: 'date' },
      shipping: { kind: 'unavailable', share: 0.1, retryAfter: 'date' },
    },
  ],
  [
    3,
    0.5,
    'connections reset',
    {
      payments: { kind: 'reset', share: 0.2 },
      inventory: { kind: 'reset', share: 0.2 },
      shipping: { kind: 'reset', share: 0.2 },
    },
  ],
  [
    2.5,
    0.5,
    'hangs',
    {
      payments: { kind: 'hang', share: 0.15 },
      inventory: { kind: 'hang', share: 0.15 },
      shipping: { kind: 'hang', share: 0.15 },
    },
  ],
  [3, 1.5, 'inventory killed', { inventory: { kind: 'killed' } }],
  [2, 0.5, 'inventory started again', {}],
  [
    5,
    3,
    'full outage',
    { payments: { kind: 'outage' }, inventory: { kind: 'outage' }, shipping: { kind: 'outage' } },
  ],
  [6, 3, 'after the outage', {}],
];

/** The same script for both runs, for the upstreams, the traffic and whoever kills the process. */
export function faultPlan(length: PlanLength): FaultPlan {
  let endsMs = 0;
  const phases = STEPS.map(([full, short, name, faults]): Phase => {
    const beginsMs = endsMs;
    endsMs += (length === 'full' ? full : short) * 1_000;
    return { name, beginsMs, endsMs, faults };
  });
  return {
    phases,
    durationMs: endsMs,
    requestsPerSecond: 50,
    patienceMs: length === 'full' ? 10_000 : 5_000,
  };
}

/** The phase at a time since the plan began; undefined before the begin and after the end. */
export function phaseAt(plan: FaultPlan, elapsedMs: number): Phase | undefined {
  return plan.phases.find(({ beginsMs, endsMs }) => beginsMs <= elapsedMs && elapsedMs < endsMs);
}

/** @throws {Error} when the plan has no such phase */
export function phaseWith(plan: FaultPlan, kind: Fault['kind']): Phase {
  const phase = plan.phases.find(({ faults }) => Object.values(faults).some((fault) => fault.kind === kind));
  if (phase === undefined) throw new Error(`the fault plan has no phase with the fault "${kind}"`);
  return phase;
}
