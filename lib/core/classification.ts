import { type Knowledge, isLocalRefusal, isRetrySignal, knowledgeOf } from './classification-table.js';
import { type Allowance, MOST_ERRORS, causesOf, fieldOf, membersOf } from './error-facts.js';

/** Whether an error is worth a retry, and who said so. */
export interface Verdict {
  readonly retryable: boolean;
  /**
   * What decided: the error, one of its causes (a fetch `Response` among them) or a member of an
   * `AggregateError`. What the server asked for is read from it.
   */
  readonly decidedBy: unknown;
}

/** An error whose chain of causes is still to be looked at. */
interface Suspect {
  readonly error: unknown;
  /** The `TypeError` or the like around it, which only a failed connection excuses. */
  readonly bug: unknown;
}

type Table = (error: unknown) => Knowledge;

/**
 * Whether an error is worth another attempt, by the table of the contract: the outermost error that the table
 * knows decides, then its causes, then the members of an `AggregateError`. Never throws, whatever it is given.
 */
export function isRetryable(error: unknown): boolean {
  return classify(error).retryable;
}

/**
 * Whether an error says that the dependency is failing: what is retryable, timeouts included, without this
 * library's own local refusals (bulkhead, rate limiter, every idempotency error). A method that asks for another
 * attempt says nothing about the dependency, but its cause may. Never throws.
 */
export function isDependencyFailure(error: unknown): boolean {
  return judge(error, saidOfDependency).retryable;
}

function saidOfDependency(error: unknown): Knowledge {
  if (isLocalRefusal(error)) return 'final';
  if (!isRetrySignal(error)) return knowledgeOf(error);
  return tellsOfSomethingKnown(fieldOf(error, 'cause')) ? undefined : 'final';
}

/** Whether there is anything in a chain of causes that the table may judge. */
function tellsOfSomethingKnown(error: unknown): boolean {
  for (const each of causesOf(error, { left: MOST_ERRORS })) {
    if (knowledgeOf(each) !== undefined || membersOf(each).length > 0) return true;
  }
  return false;
}

/** Whether an error is worth another attempt, and what decided that. */
export function classify(error: unknown): Verdict {
  return judge(error, knowledgeOf);
}

function judge(error: unknown, table: Table): Verdict {
  const allowance: Allowance = { left: MOST_ERRORS };
  const queued = new Set<unknown>([error]);
  const suspects: Suspect[] = [{ error, bug: undefined }];
  let refused: Verdict | undefined;
  // Members are appended while this runs; one that is retryable is enough, at whatever depth.
  for (const suspect of suspects) {
    const found = inspect(suspect, table, allowance);
    if (!Array.isArray(found)) {
      if (found.retryable) return found;
      refused ??= found;
      continue;
    }
    for (const member of found) {
      if (queued.has(member.error)) continue;
      queued.add(member.error);
      suspects.push(member);
    }
  }
  return refused ?? { retryable: true, decidedBy: error };
}

/** The verdict on one chain of causes, or the members of its innermost aggregate, which decide instead. */
function inspect(suspect: Suspect, table: Table, allowance: Allowance): Verdict | Suspect[] {
  let { bug } = suspect;
  let members: readonly unknown[] = [];
  for (const each of causesOf(suspect.error, allowance)) {
    const known = table(each);
    if (known === 'bug') bug ??= each;
    else if (known !== undefined) return verdictOf(known, each, bug);
    const own = membersOf(each);
    if (own.length > 0) members = own;
  }
  if (members.length > 0) return members.map((error) => ({ error, bug }));
  return bug === undefined
    ? { retryable: true, decidedBy: suspect.error }
    : { retryable: false, decidedBy: bug };
}

function verdictOf(known: Knowledge, error: unknown, bug: unknown): Verdict {
  if (known === 'network') return { retryable: true, decidedBy: error };
  if (bug !== undefined) return { retryable: false, decidedBy: bug };
  return { retryable: known === 'retry', decidedBy: error };
}
