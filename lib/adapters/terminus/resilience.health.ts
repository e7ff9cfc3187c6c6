import { Inject, Injectable } from '@nestjs/common';
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import { CircuitBreakerRegistry } from '../../nest/index.js';
import {
  type BreakerHealthDetail,
  type BreakerHealthOptions,
  BreakerMeanings,
  worstOf,
} from './breaker-health.js';

/**
 * The circuit breakers of the application as an indicator of its health. An open breaker means that something else
 * is down: it degrades the application and does not take it down, unless it is said to be critical.
 */
@Injectable()
export class ResilienceHealthIndicator {
  constructor(
    @Inject(CircuitBreakerRegistry) private readonly registry: CircuitBreakerRegistry,
    @Inject(HealthIndicatorService) private readonly indicators: HealthIndicatorService,
  ) {}

  /**
   * The worst health of the breakers under `key`, and each of them by its name. Changes nothing: no breaker probes
   * because somebody asks how it is.
   *
   * @throws {InvalidOptionsError} where an option cannot be meant, or names a breaker that does not exist
   */
  check<const Key extends string>(key: Key, options: BreakerHealthOptions = {}): HealthIndicatorResult<Key> {
    const breakers = this.detailsOf(options);
    const session = this.indicators.check(key);
    const worst = worstOf(Object.values(breakers).map(({ status }) => status));
    if (worst === 'down') return session.down({ breakers });
    if (worst === 'up') return session.up({ breakers });
    return knowsDegraded(session) ? session.degraded({ breakers }) : session.up({ breakers, degraded: true });
  }

  private detailsOf(options: BreakerHealthOptions): Readonly<Record<string, BreakerHealthDetail>> {
    const { registry } = this;
    const meanings = new BreakerMeanings(options);
    for (const name of options.critical ?? []) registry.get(name);
    const names = options.breakers ?? registry.names();
    return Object.fromEntries(
      names.map((name) => [name, meanings.detailOf(name, registry.get(name).snapshot())]),
    );
  }
}

/** Terminus 11 knows two words only, and drops what has a third one out of its answer. */
function knowsDegraded(session: object): boolean {
  return 'degraded' in session;
}
