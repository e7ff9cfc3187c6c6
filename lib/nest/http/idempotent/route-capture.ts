import type {
  ClaimedCall,
  IdempotentMethod,
  LiveClaim,
  OutcomeCapture,
  Settled,
} from '../../../pipeline/index.js';
import { TOMBSTONE } from '../../../pipeline/index.js';
import {
  IdempotencyReplayUnavailableError,
  type Outcome,
  type StoredOutcome,
} from '../../../policies/idempotency/index.js';
import type { HeldResponse, HowWritten } from './held-response.js';
import { answerOf, storedAnswer, type WireAnswer } from './wire-answer.js';

/** How the answering of a request has ended: `lost` means that there will be none. */
export type HowAnswered = HowWritten | 'lost';

/** What a recorded outcome is given again as: on the wire, or in the method's place. */
export type Replay =
  | { readonly kind: 'wire'; readonly answer: WireAnswer }
  | { readonly kind: 'method'; readonly give: () => Promise<unknown> };

/** What is known of the run of a route when its outcome is judged. */
export interface RouteRun {
  readonly held: HeldResponse;
  readonly claimed: ClaimedCall;
  readonly how: HowAnswered;
  /** The status that stood on the response when the method had ended. */
  readonly statusAtEnd: number | undefined;
}

/** What of a guarded route the capture needs. */
export interface CapturedRoute {
  readonly method: IdempotentMethod;
  /** Whether the handler writes its answer itself. */
  readonly writesItself: boolean;
  /** Names of the headers that are replayed. */
  readonly replayed: readonly string[];
}

const FAILING_STATUS = 400;

/** Takes the outcome of one request where it is written, or where that failed the value that the method gave. */
export class RouteCapture implements OutcomeCapture {
  /** The outcome that is kept as bytes; every other one as value or error. */
  private onWire: Outcome | undefined;

  constructor(
    private readonly route: CapturedRoute,
    private readonly run: () => RouteRun | undefined,
  ) {}

  outcomeOf(settled: Settled): Outcome | 'unknown' {
    const run = this.run();
    const inner = run?.claimed.inner.settled?.value;
    if (run === undefined) return settled;
    if (inner !== undefined) return this.judged(run, inner);
    const status = run.held.head?.status;
    // Somebody has answered while the method is under way: it itself, or a time limit that it knows nothing of.
    if (status === undefined || !this.isOwnWord(run)) return 'unknown';
    const outcome: Outcome = { kind: 'value', value: undefined, status };
    return run.how === 'too-large' || status < FAILING_STATUS ? this.wire(outcome) : 'unknown';
  }

  async lateOutcomeOf(claim: LiveClaim): Promise<Outcome> {
    const run = this.run();
    if (run === undefined) return claim.lateOutcome();
    const inner = await run.claimed.inner.promise;
    if (inner.kind === 'error') return claim.isRunning ? claim.lateOutcome() : inner;
    return this.judged(run, inner);
  }

  async keep(outcome: Outcome, storedKey: string): Promise<StoredOutcome> {
    const { method, replayed } = this.route;
    const run = this.run();
    const head = run?.held.head;
    if (run === undefined || head === undefined || outcome !== this.onWire) {
      return method.values.keep(outcome, storedKey);
    }
    return run.how === 'too-large' ? TOMBSTONE : storedAnswer(head, run.held.body, replayed);
  }

  async replay(stored: StoredOutcome, storedKey: string): Promise<Replay> {
    const { capture: values } = this.route.method;
    if (stored.kind === 'wire') return { kind: 'wire', answer: this.read(stored) };
    if (stored.kind !== 'tombstone') return { kind: 'method', give: () => values.replay(stored, storedKey) };
    await values.replay(stored, storedKey);
    throw new IdempotencyReplayUnavailableError(this.route.method.operation);
  }

  private read(stored: StoredOutcome): WireAnswer {
    const { operation, runner } = this.route.method;
    try {
      return answerOf(stored);
    } catch (cause) {
      runner.environment.events.report(`the stored answer of ${operation}`, cause);
      throw new IdempotencyReplayUnavailableError(operation, { cause });
    }
  }

  private judged(run: RouteRun, inner: Settled): Outcome {
    const status = run.held.head?.status;
    if (status === undefined || run.how === 'lost') return inner;
    const isOwnWord = this.isOwnWord(run);
    // Somebody has answered in the method's place before it had ended: that answer is no outcome of it.
    if (run.statusAtEnd === undefined && !isOwnWord) return inner;
    if (inner.kind === 'error' || status < FAILING_STATUS || isOwnWord)
      return this.wire({ ...inner, status });
    // Something behind the method has failed: the method is not run again for it.
    return { ...inner, status: run.statusAtEnd ?? status };
  }

  /** Whether the status was set by the handler, and not by somebody who answers in its place. */
  private isOwnWord({ held, statusAtEnd }: RouteRun): boolean {
    const isOfHandler = this.route.writesItself || held.head?.isOfHandler === true;
    return isOfHandler || (statusAtEnd !== undefined && statusAtEnd >= FAILING_STATUS);
  }

  private wire(outcome: Outcome): Outcome {
    this.onWire = outcome;
    return outcome;
  }
}
