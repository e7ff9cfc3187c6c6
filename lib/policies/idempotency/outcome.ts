import { fieldOf } from '../../core/error-facts.js';
import { isResilienceError } from '../../core/errors.js';

/** What a run under a claim produced, as `final` sees it. */
export interface Outcome {
  /** Whether the run gave a value or an error. */
  readonly kind: 'value' | 'error';
  /** What the method returned. */
  readonly value?: unknown;
  /** What it threw. */
  readonly error?: unknown;
  /** Over HTTP the status that was written, whoever wrote it. */
  readonly status?: number;
}

/** What can be told of an error without running code of it that was not asked for. */
export interface ErrorFacts {
  readonly name: string;
  readonly message: string;
  readonly code?: string | number;
  /** HTTP status, where the error has one. */
  readonly status?: number;
  /** Body of the answer that a Nest `HttpException` stands for. */
  readonly response?: unknown;
}

/** Statuses below 500 that say: try again. */
const PASSING: ReadonlySet<number> = new Set([408, 425, 429]);

/** Whether an answer of this HTTP status is kept where nothing else is said. */
export function isFinalStatus(status: number): boolean {
  return status >= 200 && status < 500 && !PASSING.has(status);
}

/** Whether an outcome is kept where nothing else is said. */
export function isFinalByDefault({ kind, error, status }: Outcome): boolean {
  if (kind === 'error' && isResilienceError(error)) return false;
  if (status !== undefined) return isFinalStatus(status);
  if (kind === 'value') return true;
  const own = httpStatusOf(error);
  return own !== undefined && isFinalStatus(own);
}

/** The HTTP status that an error itself claims; that of a remote answer inside it says nothing of ours. */
export function httpStatusOf(error: unknown): number | undefined {
  const getStatus = fieldOf(error, 'getStatus');
  const given = [
    typeof getStatus === 'function' ? tryCall(getStatus, error) : undefined,
    fieldOf(error, 'status'),
    fieldOf(error, 'statusCode'),
  ];
  return given.find(
    (each): each is number => typeof each === 'number' && Number.isInteger(each) && each >= 100,
  );
}

/** Everything of an error that a replay is made of. */
export function errorFactsOf(error: unknown): ErrorFacts {
  const [name, message] = [fieldOf(error, 'name'), fieldOf(error, 'message')];
  const code = fieldOf(error, 'code');
  const status = httpStatusOf(error);
  const getResponse = fieldOf(error, 'getResponse');
  const response = typeof getResponse === 'function' ? tryCall(getResponse, error) : undefined;
  return {
    name: typeof name === 'string' ? name : 'Error',
    message: typeof message === 'string' ? message : String(error),
    ...((typeof code === 'string' || typeof code === 'number') && { code }),
    ...(status !== undefined && { status }),
    ...(response !== undefined && { response }),
  };
}

function tryCall(method: CallableFunction, self: unknown): unknown {
  try {
    return Reflect.apply(method, self, []) as unknown;
  } catch {
    return undefined;
  }
}
