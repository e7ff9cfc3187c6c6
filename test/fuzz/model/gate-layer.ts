import type { Failure } from './failure.js';
import type { Answer, GateEnd, ModelGate } from './gate.js';
import { type Entry, type Layer, type Leave, type Listener, NOTHING } from './layer.js';
import type { ModelTime } from './time.js';

interface GateParts {
  readonly gate: ModelGate;
  readonly time: ModelTime;
  /** Whether the value 'bad' counts as a failure. */
  readonly judges: boolean;
  readonly next: Layer;
}

/** Bulkhead, rate limiter or circuit breaker. */
export function gateLayer(parts: GateParts): Layer {
  return (entry, to) => new GateCall(parts, entry, to).begin();
}

/** One call at a gate: it may wait, then it holds a permit, which goes back once. */
class GateCall implements Listener {
  private first: string | undefined;
  private permit: ((how: GateEnd) => void) | undefined;
  private isLeft = false;
  private stopWatching = NOTHING;
  private leaveInside = NOTHING;

  constructor(
    private readonly parts: GateParts,
    private readonly entry: Entry,
    private readonly to: Listener,
  ) {}

  begin(): Leave {
    const { gate, time } = this.parts;
    const { scope } = this.entry;
    const answer = gate.admit((turn) => {
      this.stopWatching();
      // What has made the place free comes to its end first, and may end this call.
      time.soon(() => this.takeTurn(turn));
    });
    if ('leave' in answer) {
      this.leaveInside = answer.leave;
      this.stopWatching = scope.onEnd(({ reason }) => {
        answer.leave();
        this.to.fail(reason);
      });
    } else this.pass(answer);
    return () => this.leave();
  }

  value(text: string): void {
    this.first ??= text;
    this.to.value(text);
  }

  end(): void {
    this.giveBack(this.endOfValue());
    this.to.end();
  }

  fail(failure: Failure): void {
    this.giveBack(this.endOfFailure(failure));
    this.to.fail(failure);
  }

  private takeTurn(turn: Answer): void {
    const { ended } = this.entry.scope;
    if (!('end' in turn) || (ended === undefined && !this.isLeft)) return this.pass(turn);
    turn.end('cancelled');
    if (ended !== undefined && !this.isLeft) this.to.fail(ended.reason);
  }

  private pass(answer: Answer): void {
    const { gate, time, next } = this.parts;
    const { scope, manner } = this.entry;
    if ('refused' in answer) {
      const refuse = (): void => this.to.fail(answer.refused);
      // A promise tells of it when what runs now has ended.
      return manner === 'stream' ? refuse() : time.soon(refuse);
    }
    if (!('end' in answer)) return undefined;
    this.permit = answer.end;
    if (gate.returnsOnCancel) {
      this.stopWatching = scope.onEnd(({ reason }) => this.giveBack(this.endOfFailure(reason)));
    }
    this.leaveInside = next(this.entry, this);
    return undefined;
  }

  private leave(): void {
    this.isLeft = true;
    this.stopWatching();
    this.leaveInside();
    this.giveBack(this.first === undefined ? 'cancelled' : this.endOfValue());
  }

  private giveBack(how: GateEnd): void {
    const { permit } = this;
    this.permit = undefined;
    if (permit === undefined) return;
    this.stopWatching();
    permit(how);
  }

  private endOfValue(): GateEnd {
    return this.parts.judges && this.first === 'bad' ? 'failure' : 'success';
  }

  /** A caller who leaves, or a faster attempt, says nothing about the dependency; what it delivered before does. */
  private endOfFailure(failure: Failure): GateEnd {
    const { ended } = this.entry.scope;
    if (ended !== undefined && ended.origin !== 'limit') {
      return this.first === undefined ? 'cancelled' : this.endOfValue();
    }
    return failure.isDependencys ? 'failure' : 'ignored';
  }
}
