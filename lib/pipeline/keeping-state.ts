import type { CompiledPolicies } from './compile.js';
import { isSameOption } from './merge.js';
import type { Step, StepWord } from './step.js';

/**
 * The policies of a method that was compiled anew, with what the steps before have learned: last good answers, and
 * how long its calls take where nothing else is asked of its hedge. What is shared keeps its state by itself.
 */
export function keepingState(before: CompiledPolicies, after: CompiledPolicies): CompiledPolicies {
  const kept = new Map<StepWord, Step>();
  for (const step of before.steps) {
    const stays = step.word === 'fallback' || (step.word === 'hedge' && hasSameHedge(before, after));
    if (stays) kept.set(step.word, step);
  }
  return { ...after, steps: after.steps.map((step) => kept.get(step.word) ?? step) };
}

/** A hedge takes its budget from the retry beside it. */
function hasSameHedge({ options: one }: CompiledPolicies, { options: other }: CompiledPolicies): boolean {
  return isSameOption(one['hedge'], other['hedge']) && isSameOption(budgetIn(one), budgetIn(other));
}

function budgetIn({ retry }: CompiledPolicies['options']): unknown {
  return typeof retry === 'object' && retry !== null && 'budget' in retry ? retry.budget : undefined;
}
