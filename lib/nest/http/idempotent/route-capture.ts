import { fieldOf } from '../../../core/error-facts.js';
import type {
  Deferred,
  IdempotentMethod,
  LiveClaim,
  OutcomeCapture,
  Settled,
  Soon,
} from '../../../pipeline/index.js';
import { TOMBSTONE, withBesides } from '../../../pipeline/index.js';
import {
  IdempotencyReplayUnavailableError,
  type Outcome,
  type StoredOutcome,
} from '../../../policies/idempotency/index.js';
import type { AnswerHead, HeldResponse, HowWritten } from './held-response.js';
import { answerOf, keptHeaders, storedAnswer, type WireAnswer } from './wire-answer.js';

/** How the answering of a request has ended: `lost` means that there will be none. */
export type HowAnswered = HowWritten | 'lost';

/** What a recorded outcome is given again as: on the wire, or in the method's place. */
export type Replay =
  | { readonly kind: 'wire'; readonly answer: WireAnswer }
  | { readonly kind: 'method'; readonly give: () => Promise<unknown> };

/** Whether a guarded call came to what was recorded before. */
export function isReplay(answer: unknown): answer is Replay {
  return typeof answer === 'object' && answer !== null && 'kind' in answer;
}

/** What is known of the run of a route when its outcome is judged. */
export interface RunOfRoute {
  /** `undefined` as long as the route has not begun. */
  readonly held: HeldResponse | undefined;
  /** What the method comes to. */
  readonly inner: Deferred<Settled> | undefined;
  /** `undefined` as long as the request is not answered. */
  readonly how: HowAnswered | undefined;
  /** What stood on the response when the method had ended. */
  readonly saidAtEnd: SaidAtEnd | undefined;
}

/** What a method has said on the response beside its value. */
export interface SaidAtEnd {
  readonly status: number;
  /** By lower-case names. */
  readonly headers: AnswerHead['headers'];
}

/** What of a guarded route the capture needs. */
export interface CapturedRoute {
  readonly method: IdempotentMethod;
  /** Whether the handler writes its answer itself. */
  readonly writesItself: boolean;
  /** Whether the handler is given the response at all. */
  readonly hasResponse: boolean;
  /** Whether the handler gives an Observable. */
  readonly givesStream: boolean;
  /** Names of the headers that are replayed. */
  readonly replayed: readonly string[];
}

/** From here on a status says that a request has failed. */
export const FAILING_STATUS = 400;
const NOT_MODIFIED = 304;

/** Takes the outcome of one request where it is written, or where that failed the value that the method gave. */
export class RouteCapture implements OutcomeCapture {
  /** The outcome that is kept as bytes; every other one as value or error. */
  private onWire: Outcome | undefined;

  constructor(
    private readonly route: CapturedRoute,
    private readonly run: RunOfRoute,
  ) {}

  outcomeOf(settled: Settled): Outcome | 'unknown' {
    const { inner, how } = this.run;
    if (how === undefined) return settled;
    const came = inner?.settled?.value;
    if (came !== undefined) return this.judged(came);
    const { status } = this;
    // Somebody has answered while the method is under way: it itself, or a time limit that it knows nothing of.
    if (status === undefined || !this.isOwnWord()) return 'unknown';
    const outcome: Outcome = { kind: 'value', value: undefined, status };
    return how === 'too-large' || status < FAILING_STATUS ? this.wire(outcome) : 'unknown';
  }

  async lateOutcomeOf(claim: LiveClaim): Promise<Outcome> {
    const { inner, how } = this.run;
    if (inner === undefined || how === undefined) return claim.lateOutcome();
    const came = await inner.promise;
    if (came.kind === 'error') return claim.isRunning ? claim.lateOutcome() : came;
    return this.judged(came);
  }

  keep(outcome: Outcome, storedKey: string): Soon<StoredOutcome> {
    const { held, how } = this.run;
    const head = held?.head;
    if (held === undefined || head === undefined || outcome !== this.onWire) {
      return this.keepValue(outcome, storedKey);
    }
    return how === 'too-large' ? TOMBSTONE : storedAnswer(head, held.body, this.route.replayed);
  }

  private keepValue(outcome: Outcome, storedKey: string): Soon<StoredOutcome> {
    const { method, replayed, writesItself } = this.route;
    const { saidAtEnd } = this.run;
    // Of the value of such a handler nobody makes an answer.
    if (writesItself && outcome.kind === 'value') return TOMBSTONE;
    const stored = method.values.keep(outcome, storedKey);
    if (saidAtEnd === undefined) return stored;
    const said = { status: saidAtEnd.status, headers: keptHeaders(saidAtEnd.headers, replayed) };
    return stored instanceof Promise
      ? stored.then((each) => withBesides(each, said))
      : withBesides(stored, said);
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

  /** That was written. */
  private get status(): number | undefined {
    return this.run.held?.head?.status;
  }

  private judged(inner: Settled): Outcome {
    const { how, saidAtEnd } = this.run;
    const { status } = this;
    if (status === undefined || how === 'lost') return inner;
    const isOwnWord = this.isOwnWord(inner);
    // Somebody has answered in the method's place before it had ended: that answer is no outcome of it.
    if (saidAtEnd === undefined && !isOwnWord) return inner;
    if (inner.kind === 'error') return this.wire({ kind: 'error', error: inner.error, status });
    return this.judgedValue(inner.value, status, isOwnWord);
  }

  private judgedValue(value: unknown, status: number, isOwnWord: boolean): Outcome {
    const said = this.run.saidAtEnd?.status ?? status;
    // That this client has the answer already is no outcome of the method, and no answer to another client.
    const isForOneClient = status === NOT_MODIFIED && said !== status;
    if (isOwnWord || (status < FAILING_STATUS && !isForOneClient)) {
      return this.wire({ kind: 'value', value, status });
    }
    // Something behind the method has failed: the method is not run again for it.
    return { kind: 'value', value, status: said };
  }

  /** Whether the status was set by the handler, and not by somebody who answers in its place. */
  private isOwnWord(came?: Settled): boolean {
    const { held, saidAtEnd } = this.run;
    if (this.route.writesItself || isWebResponse(came, this.status)) return true;
    return (
      held?.head?.isOfHandler === true || (saidAtEnd !== undefined && saidAtEnd.status >= FAILING_STATUS)
    );
  }

  private wire(outcome: Outcome): Outcome {
    this.onWire = outcome;
    return outcome;
  }
}

/** Whether a method has given its answer whole, as Nest 12 takes it from `fetch`: then its status is its own word. */
function isWebResponse(came: Settled | undefined, status = 0): boolean {
  if (status < FAILING_STATUS || came?.kind !== 'value' || fieldOf(came.value, 'status') !== status)
    return false;
  return Object.prototype.toString.call(came.value) === '[object Response]';
}
