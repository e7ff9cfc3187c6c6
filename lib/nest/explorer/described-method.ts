import type { StepWord } from '../../pipeline/index.js';
import type { MethodKind, MethodPlan } from '../method-plan.js';
import { type CompiledMethod, declaredKind } from '../runtime/index.js';

/** The policies that stand around one method, and whether they are in place. */
export interface DescribedMethod {
  /** `Class.method`. */
  readonly operation: string;
  /** The steps that run, outermost first; those outside of a foreign decorator before those inside. */
  readonly pipeline: readonly StepWord[];
  /** The same, one list for each stretch between foreign decorators that replace the method. */
  readonly segments: readonly (readonly StepWord[])[];
  /** Resolved options by policy, durations in milliseconds. */
  readonly options: Readonly<Record<string, unknown>>;
  /** What the method gives, if that is known by now. */
  readonly kind: MethodKind | undefined;
  /** Whether something that Nest builds in this application carries the method. */
  readonly wired: boolean;
}

/** Puts the plans of one method together; the innermost was recorded first. */
export function describeMethod(compiled: readonly CompiledMethod[], wired: boolean): DescribedMethod {
  const outermostFirst = compiled.toReversed();
  const segments = outermostFirst.map(({ steps }) => steps.map((step) => step.word));
  const [first] = compiled;
  return {
    operation: first?.operation ?? '',
    pipeline: segments.flat(),
    segments,
    options: Object.assign({}, ...outermostFirst.map(({ options }) => options)) as Record<string, unknown>,
    kind: first && (first.plan.kind ?? declaredKind(first.plan)),
    wired,
  };
}

/** Plans by the method they stand around, in the order in which they are given. */
export function byMethod(plans: Iterable<MethodPlan>): readonly (readonly MethodPlan[])[] {
  const groups = new Map<object, MethodPlan[]>();
  for (const plan of plans) {
    const group = groups.get(plan.identity) ?? [];
    group.push(plan);
    groups.set(plan.identity, group);
  }
  return [...groups.values()];
}

/** One line for the log: `PaymentsService.charge: retry → circuitBreaker | bulkhead`. */
export function lineOf({ operation, segments }: DescribedMethod): string {
  return `${operation}: ${segments.map((words) => words.join(' → ') || '(nothing)').join(' | ')}`;
}
