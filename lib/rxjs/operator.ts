import type { Observable, OperatorFunction } from 'rxjs';
import { Compiler, DEFAULT_ENGINE, Pipeline, type PolicyOptions, type Step } from '../pipeline/index.js';
import { composeObservable } from './run-observable.js';

/** What an operator is called in events and errors. */
export interface OperatorOptions {
  /**
   * The operation.
   *
   * @defaultValue the name of the operator
   */
  readonly operation?: string | undefined;
}

/** The rules of policies that stand outside of every application: they share what the process shares. */
export function stepsOf(operation: string, policies: PolicyOptions): Pick<Pipeline, 'steps' | 'environment'> {
  const { engine } = DEFAULT_ENGINE.get();
  const { steps } = new Compiler(engine, { operation, policies }).compile();
  return { steps, environment: engine.environment };
}

/** What a pipeline is made of, without the method. */
export interface OperatorParts {
  readonly operation: string;
  readonly steps: readonly Step[];
  readonly environment: Pipeline['environment'];
}

/** An operator that runs each subscription of its source through the rules, as a call of its own. */
export function operator<T, R = T>(parts: OperatorParts): OperatorFunction<T, R> {
  return (source) => {
    const pipeline = new Pipeline({ ...parts, target: { method: () => source } });
    // Rules pass on the source's values; a fallback's are of the type that its operator states.
    return composeObservable(pipeline)(undefined, []) as Observable<R>;
  };
}
