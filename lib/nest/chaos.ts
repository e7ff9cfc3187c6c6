import { Logger } from '@nestjs/common';
import { OptionCheck } from '../core/index.js';
import type { Pipeline } from '../pipeline/index.js';
import {
  type ChaosOptions,
  ChaosRule,
  resolveChaosOptions,
  type ResolvedChaosOptions,
} from '../policies/chaos/index.js';
import { ChaosAround } from './chaos-around.js';
import type { ResilienceExplorer } from './explorer/resilience.explorer.js';
import type { MethodPlan } from './method-plan.js';
import { Dispatcher, type ResilienceRuntime } from './runtime/index.js';

const SEEDS = 2 ** 32;

interface DecoratedMethod {
  readonly plan: MethodPlan;
  readonly pipeline: Pipeline;
}

/**
 * Injects errors and latency directly around decorated methods of this application, inside of all their policies: the
 * policies take it for real. Costs nothing while nothing is injected.
 */
export class Chaos {
  private readonly logger = new Logger('Resilience');
  private readonly running = new Map<string, ChaosAround>();

  constructor(
    private readonly runtime: ResilienceRuntime,
    private readonly explorer: ResilienceExplorer,
  ) {}

  /**
   * From the next execution of the method (`Class.method`, as `ResilienceExplorer.describe()` calls it) on, until
   * `clear`; takes the place of what was injected there before.
   *
   * @throws {InvalidOptionsError} where an option cannot be meant, the application has no such method or no policy
   * acts around it, or in production (`NODE_ENV`) without `force: true`
   */
  inject(operation: string, options: ChaosOptions): void {
    const resolved = resolveChaosOptions(operation, options);
    refuseProduction(operation, resolved);
    const { plan, pipeline } = this.methodOf(operation);
    const { environment } = this.runtime;
    const seed = resolved.seed ?? Math.floor(environment.clock.random() * SEEDS);
    this.running.get(operation)?.end();
    const rule = new ChaosRule(resolved, seed);
    this.running.set(operation, new ChaosAround({ plan, target: pipeline.target, rule, environment }));
    this.tell(operation, resolved);
  }

  /**
   * Ends what is injected around one method, or around all of them: executions that are being delayed go on to the
   * method at once.
   *
   * @throws {InvalidOptionsError} where the application has no such method
   */
  clear(operation?: string): void {
    if (operation !== undefined && !this.running.has(operation)) this.methodOf(operation);
    const operations = operation === undefined ? [...this.running.keys()] : [operation];
    for (const each of operations) {
      const around = this.running.get(each);
      this.running.delete(each);
      around?.end();
    }
  }

  /** @throws {InvalidOptionsError} naming the known ones */
  private methodOf(operation: string): DecoratedMethod {
    // Describing compiles all that Nest has built, where no boot has done so.
    const known = this.explorer.describe().filter(({ wired }) => wired);
    const check = new OptionCheck('chaos', operation);
    // The plan that stands directly around the method, where foreign decorators stand between ours.
    const found = this.runtime.methods.find(
      ({ plan, operation: name }) => name === operation && plan.identity === plan,
    );
    if (found === undefined) {
      const names = known.map((each) => each.operation).join(', ') || 'none';
      return check.refuse('operation', operation, `must be a decorated method (known: ${names})`);
    }
    const dispatcher = this.runtime.dispatcherOf(found.plan);
    if (dispatcher instanceof Dispatcher) return { plan: found.plan, pipeline: dispatcher.pipeline };
    return check.refuse('operation', operation, 'must have a policy that acts: they may be switched off');
  }

  private tell(operation: string, { errorRate, latencyMs }: ResolvedChaosOptions): void {
    if (this.runtime.options.logger === false) return;
    const percent = Math.round(errorRate * 100);
    this.logger.warn(`chaos around ${operation}: ${percent} % errors, ${latencyMs} ms latency`);
  }
}

function refuseProduction(operation: string, { force }: ResolvedChaosOptions): void {
  if (force || process.env['NODE_ENV'] !== 'production') return;
  const check = new OptionCheck('chaos', operation);
  check.refuse('force', force, 'must be true: NODE_ENV is production');
}
