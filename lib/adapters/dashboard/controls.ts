import { Logger } from '@nestjs/common';
import { OptionCheck } from '../../core/index.js';
import type { Breaker } from '../../pipeline/index.js';
import type { BulkheadRule } from '../../policies/bulkhead/index.js';
import type { RateLimiterRule } from '../../policies/rate-limiter/index.js';
import type { Chaos } from '../../nest/index.js';
import { clipped, LONGEST_NAME } from './clipped.js';
import type { Registries } from './gauges.js';
import type { NumberedNames } from './numbered-names.js';

/** An order, read and checked. */
type Order = Readonly<Record<string, unknown>>;

/** What orders act upon, and who is told of them. */
export interface ControlParts {
  readonly registries: Registries;
  /** What stands for names in orders. */
  readonly names: Pick<NumberedNames, 'at'>;
  readonly chaos: Chaos;
  /** The operation with this number. */
  readonly operationAt: (index: number) => string | undefined;
  /** Told what was done, in a sentence. */
  readonly onDone: (policy: string, text: string) => void;
}

/** What is injected around an operation at the moment, as this page has ordered it. */
export interface RunningChaos {
  readonly index: number;
  readonly errorRate: number;
  readonly latencyMs: number;
}

const BREAKER_ACTIONS = {
  'force-open': (breaker: Breaker) => breaker.forceOpen(),
  // A breaker closes by forgetting what it has seen, so the two are one; the page names it by what is wanted.
  close: (breaker: Breaker) => breaker.reset(),
  reset: (breaker: Breaker) => breaker.reset(),
  disable: (breaker: Breaker) => breaker.disable(),
} as const;

type BreakerAction = keyof typeof BREAKER_ACTIONS;

const TARGETS = ['breaker', 'bulkhead', 'rate-limiter', 'chaos'] as const;

/** Carries out what the page orders; each order is logged and stands in the time line. */
export class Controls {
  private readonly logger = new Logger('Resilience');
  private readonly check = new OptionCheck('dashboard', 'control');
  private readonly chaosRunning = new Map<string, RunningChaos>();

  constructor(private readonly parts: ControlParts) {}

  /** What this page has injected. */
  get running(): readonly RunningChaos[] {
    return [...this.chaosRunning.values()];
  }

  /**
   * Carries out an order and says what was done.
   *
   * @throws {InvalidOptionsError} where it cannot be meant: then nothing was done
   */
  carryOut(given: unknown): string {
    const order = this.read(given);
    const target = this.check.oneOf('target', order['target'], TARGETS);
    const orders = {
      breaker: () => this.breaker(order),
      bulkhead: () => this.bulkhead(order),
      'rate-limiter': () => this.limiter(order),
      chaos: () => this.disturb(order),
    };
    return orders[target]();
  }

  private read(given: unknown): Order {
    if (typeof given === 'object' && given !== null && !Array.isArray(given)) return given as Order;
    return this.check.refuse(
      'body',
      given,
      'must be a JSON object (does the application parse JSON bodies?)',
    );
  }

  private breaker(order: Order): string {
    this.check.onlyKnown(order, ['target', 'id', 'action']);
    const breaker = this.found(this.parts.registries.breakers, order);
    const actions = Object.keys(BREAKER_ACTIONS) as BreakerAction[];
    const action = this.check.oneOf('action', order['action'], actions);
    BREAKER_ACTIONS[action](breaker);
    return this.done(breaker.name, `${action} by hand, now ${breaker.state}`);
  }

  private bulkhead(order: Order): string {
    const { check } = this;
    check.onlyKnown(order, ['target', 'id', 'maxConcurrentCalls', 'maxQueueSize']);
    const bulkhead: BulkheadRule = this.found(this.parts.registries.bulkheads, order);
    const before = bulkhead.options;
    const {
      maxConcurrentCalls: calls = before.maxConcurrentCalls,
      maxQueueSize: queue = before.maxQueueSize,
    } = order;
    const maxConcurrentCalls = check.wholeNumber('maxConcurrentCalls', calls, 1);
    const maxQueueSize = check.wholeNumber('maxQueueSize', queue, 0);
    bulkhead.reconfigure({ ...before, maxConcurrentCalls, maxQueueSize });
    const from = `${before.maxConcurrentCalls} and ${before.maxQueueSize} waiting`;
    return this.done(bulkhead.name, `limit ${maxConcurrentCalls} and ${maxQueueSize} waiting, was ${from}`);
  }

  private limiter(order: Order): string {
    this.check.onlyKnown(order, ['target', 'id', 'limit']);
    const limiter: RateLimiterRule = this.found(this.parts.registries.limiters, order);
    const limit = this.check.wholeNumber('limit', order['limit'], 1);
    const before = limiter.options;
    limiter.reconfigure({ ...before, limit });
    return this.done(limiter.name, `limit ${limit} per ${before.windowMs} ms, was ${before.limit}`);
  }

  private disturb(order: Order): string {
    const { check, parts } = this;
    check.onlyKnown(order, ['target', 'id', 'action', 'errorRate', 'latencyMs']);
    const index = check.wholeNumber('id', order['id'], 0);
    const operation = parts.operationAt(index) ?? check.refuse('id', index, 'must be a known operation');
    const action = check.oneOf('action', order['action'], ['inject', 'clear']);
    if (action === 'clear') {
      parts.chaos.clear(operation);
      this.chaosRunning.delete(operation);
      return this.done(operation, 'chaos cleared');
    }
    const errorRate = check.number('errorRate', order['errorRate'] ?? 0, 0, 1);
    const latencyMs = check.number('latencyMs', order['latencyMs'] ?? 0, 0);
    parts.chaos.inject(operation, { errorRate, latency: latencyMs });
    this.chaosRunning.set(operation, { index, errorRate, latencyMs });
    return this.done(operation, `chaos: ${Math.round(errorRate * 100)} % errors, ${latencyMs} ms latency`);
  }

  /** By the number that stands for its name. */
  private found<T>(registry: { find(name: string): T | undefined }, order: Order): T {
    const id = this.check.wholeNumber('id', order['id'], 0);
    const name = this.parts.names.at(id);
    const found = name === undefined ? undefined : registry.find(name);
    return found ?? this.check.refuse('id', id, 'must be one that the page shows');
  }

  private done(policy: string, text: string): string {
    const name = clipped(policy, LONGEST_NAME);
    this.logger.warn(`dashboard: ${name}: ${text}`);
    this.parts.onDone(name, text);
    return `${name}: ${text}`;
  }
}
