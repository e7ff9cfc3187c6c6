import { Logger } from '@nestjs/common';
import { DEFAULT_ENGINE } from '../../pipeline/index.js';
import type { MethodPlan } from '../method-plan.js';
import { ResilienceRuntime } from './resilience-runtime.js';

/** Why a call runs on the default runtime. */
export type Strandedness = 'unseen' | 'without-module';

const REMEDY: Readonly<Record<Strandedness, string>> = {
  unseen: 'let Nest make the instance (as a provider), so that it belongs to an application',
  'without-module': 'import ResilienceModule.forRoot() into the root module',
};

/**
 * The process-wide runtime of instances that Nest never saw, and of applications without the module: one of the
 * two places where this package keeps something for the whole process.
 */
class DefaultRuntime {
  private runtime: ResilienceRuntime | undefined;
  private hasWarned = false;

  get(): ResilienceRuntime {
    return (this.runtime ??= new ResilienceRuntime({}, { base: DEFAULT_ENGINE.get() }));
  }

  warnOnce(plan: MethodPlan, why: Strandedness): void {
    if (this.hasWarned) return;
    this.hasWarned = true;
    const fact = `${plan.text} runs on the default runtime, with the library's defaults and nothing shared with an application`;
    new Logger('Resilience').warn(`${fact}: ${REMEDY[why]}, e.g. by ResilienceModule.forRoot(). Told once.`);
  }

  reset(): void {
    this.runtime = undefined;
    DEFAULT_ENGINE.reset();
    this.hasWarned = false;
  }
}

/** The one default runtime of the process. */
export const DEFAULT_RUNTIME = new DefaultRuntime();

/** Empties the default runtime: its breakers and budgets are as new, and it warns anew. For tests. */
export function resetDefaultRuntime(): void {
  DEFAULT_RUNTIME.reset();
}

/** Whether a runtime serves what belongs to no application with the module. */
export function isDefaultRuntime(runtime: ResilienceRuntime): boolean {
  return runtime === DEFAULT_RUNTIME.get();
}
