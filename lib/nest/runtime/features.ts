import {
  breakerOptions,
  bulkheadOptions,
  type Engine,
  type PolicyOptions,
  rateLimiterOptions,
  retryOptions,
} from '../../pipeline/index.js';
import type { ResilienceFeatureOptions } from '../resilience.options.js';

/** Policies that a module adds to those of the application. */
export interface Feature {
  /** Where it was written, as messages name it. */
  readonly place: string;
  readonly options: ResilienceFeatureOptions;
}

/**
 * The features of one application. One that comes with a lazily loaded module and cannot be meant is the affair of
 * the methods that name its policies, and of no other.
 */
export class Features {
  private readonly known = new Set<Feature>();
  private readonly refused: { readonly names: ReadonlySet<string>; readonly error: unknown }[] = [];

  constructor(
    private readonly engine: Engine,
    private readonly present: () => readonly Feature[],
  ) {}

  /** Adds what modules have named since the last time; what is wrong with it is kept. */
  add(): void {
    for (const feature of this.present()) {
      if (this.known.has(feature)) continue;
      this.known.add(feature);
      try {
        this.engine.add(feature.options, feature.place);
      } catch (error) {
        const names = Object.values(feature.options).flatMap((family: object) => Object.keys(family ?? {}));
        this.refused.push({ names: new Set(names), error });
      }
    }
  }

  /** @throws {InvalidOptionsError} the first thing that is wrong with any feature */
  check(): void {
    const [first] = this.refused;
    if (first !== undefined) throw first.error;
  }

  /** @throws {InvalidOptionsError} what is wrong with a feature whose policies a method names */
  checkFor(policies: PolicyOptions): void {
    const named = namesIn(policies);
    const found = this.refused.find(({ names }) => named.some((name) => names.has(name)));
    if (found !== undefined) throw found.error;
  }
}

function namesIn(policies: PolicyOptions): readonly string[] {
  const { name, budget } = retryOptions(policies.retry);
  const gates = [
    breakerOptions(policies.circuitBreaker),
    bulkheadOptions(policies.bulkhead),
    rateLimiterOptions(policies.rateLimiter),
  ];
  const all = [name, budget, ...gates.map((gate) => gate.name)];
  return all.filter((each) => typeof each === 'string');
}
