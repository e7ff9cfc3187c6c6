import { FusedWay, isTelling, type Pipeline, type StepWord } from '../pipeline/index.js';

const FUSIBLE: ReadonlySet<StepWord> = new Set<StepWord>([
  'fallback',
  'retry',
  'circuitBreaker',
  'rateLimiter',
  'bulkhead',
]);

/** What a pipeline's fused streams touch; `undefined` where only the plain composition can do what it asks for. */
export function fusedWayOf(pipeline: Pipeline): FusedWay | undefined {
  if (!pipeline.steps.every((step) => FUSIBLE.has(step.word) && !isTelling(step))) return undefined;
  const way = new FusedWay(pipeline);
  return way.judgesValues || way.fallback !== undefined ? undefined : way;
}
