import type { Plan, PlanWord } from '../script.js';
import { ModelBreaker } from './breaker.js';
import { ModelBudget } from './budget.js';
import { ModelBulkhead } from './bulkhead.js';
import { FallbackModel } from './fallback-layer.js';
import type { ModelGate, Tell } from './gate.js';
import { gateLayer } from './gate-layer.js';
import { hedgeLayer } from './hedge-layer.js';
import type { Layer, World } from './layer.js';
import { limitLayer } from './limit-layer.js';
import { ModelRateLimiter } from './rate-limiter.js';
import { retryLayer } from './retry-layer.js';

type Build = (next: Layer) => Layer;

/** The policies of a plan, one layer around the other. */
export class Composition {
  readonly budget: ModelBudget;
  readonly breaker: ModelBreaker | undefined;
  readonly limiter: ModelRateLimiter | undefined;
  readonly bulkhead: ModelBulkhead | undefined;
  readonly layer: Layer;

  /** `tellAs` says what happened in the name of a policy. */
  constructor(
    private readonly plan: Plan,
    private readonly world: World,
    tellAs: (policy: string) => Tell,
    operation: string,
  ) {
    const { time } = world;
    const tell = tellAs(operation);
    this.budget = new ModelBudget(plan.budget, time);
    this.breaker = plan.breaker && new ModelBreaker(plan.breaker, time, tell);
    this.limiter = plan.limiter && new ModelRateLimiter(plan.limiter, time, tell);
    this.bulkhead = plan.bulkhead && new ModelBulkhead(plan.bulkhead, time, tell);
    const method: Layer = (entry, to) => entry.execute(entry.scope, to);
    this.layer = plan.order.reduceRight((next, word) => this.builders[word](next), method);
  }

  private readonly builders: Readonly<Record<PlanWord, Build>> = {
    fallback: (next) => this.fallback(next),
    totalTimeout: (next) => this.limited('total', this.plan.totalMs, next),
    retry: (next) => this.retried(next),
    hedge: (next) => this.hedged(next),
    circuitBreaker: (next) => this.gated(this.breaker, next, this.plan.breaker?.judges),
    rateLimiter: (next) => this.gated(this.limiter, next),
    attemptTimeout: (next) => this.limited('attempt', this.plan.attemptMs, next),
    bulkhead: (next) => this.gated(this.bulkhead, next),
  };

  /** What the retry and the hedge take from. */
  private get retryBudget(): ModelBudget | undefined {
    return this.plan.retry?.isBudgeted === false ? undefined : this.budget;
  }

  private fallback(next: Layer): Layer {
    const { fallback, order, retry, breaker } = this.plan;
    if (fallback === undefined) return next;
    const inside = order.slice(order.indexOf('fallback'));
    const isJudged =
      (inside.includes('retry') && retry?.judges === true) ||
      (inside.includes('circuitBreaker') && breaker?.judges === true);
    return new FallbackModel(fallback, isJudged, this.world).layer(next);
  }

  private limited(limit: 'attempt' | 'total', timeoutMs: number | undefined, next: Layer): Layer {
    return timeoutMs === undefined ? next : limitLayer({ ...this.world, limit, timeoutMs, next });
  }

  private gated(gate: ModelGate | undefined, next: Layer, judges = false): Layer {
    return gate === undefined ? next : gateLayer({ gate, time: this.world.time, judges, next });
  }

  private retried(next: Layer): Layer {
    const { retry } = this.plan;
    return retry === undefined
      ? next
      : retryLayer({ ...retry, ...this.world, budget: this.retryBudget, next });
  }

  private hedged(next: Layer): Layer {
    const { hedge, retry } = this.plan;
    if (hedge === undefined) return next;
    const deposits = retry === undefined;
    return hedgeLayer({ ...hedge, ...this.world, budget: this.retryBudget, deposits, next });
  }
}
