import type { ModelBudget } from './budget.js';
import { aborted, type Failure } from './failure.js';
import { type Entry, type Layer, type Leave, type Listener, NOTHING, type World } from './layer.js';
import { ModelScope } from './scope.js';

export interface ModelHedgeOptions {
  readonly delayMs: number;
  readonly maxHedgedAttempts: number;
}

interface HedgeParts extends World, ModelHedgeOptions {
  readonly budget: ModelBudget | undefined;
  /** Whether first successes pay into the budget here. */
  readonly deposits: boolean;
  readonly next: Layer;
}

/** Attempts beside a slow one. */
export function hedgeLayer(parts: HedgeParts): Layer {
  return (entry, to) => new HedgedCall(parts, entry, to).begin();
}

class HedgedCall {
  private readonly running = new Set<HedgedAttempt>();
  private launched = 0;
  private winner: HedgedAttempt | undefined;
  private firstFailure: Failure | undefined;
  private isOver = false;
  private isStarting = false;
  private stopTimer = NOTHING;
  private stopWatching = NOTHING;

  constructor(
    private readonly parts: HedgeParts,
    private readonly entry: Entry,
    private readonly to: Listener,
  ) {}

  begin(): Leave {
    this.isStarting = this.parts.delayMs === 0;
    this.attempt();
    if (this.parts.delayMs === 0) this.startTogether();
    else this.wait();
    this.stopWatching = this.entry.scope.onEnd(() => this.stopTimer());
    return () => this.leave();
  }

  /** Answers whether what this attempt says is the call's. */
  wins(attempt: HedgedAttempt): boolean {
    if (this.winner !== undefined || this.isOver) return this.winner === attempt;
    this.winner = attempt;
    this.close();
    const { budget, deposits } = this.parts;
    if (attempt.number > 1) {
      this.entry.scope.hedgeWon();
      budget?.giveBack();
    } else if (deposits) budget?.deposit();
    this.running.delete(attempt);
    for (const loser of this.running) this.lose(loser);
    this.running.clear();
    return true;
  }

  value(text: string): void {
    this.to.value(text);
  }

  end(): void {
    this.to.end();
  }

  failed(attempt: HedgedAttempt, failure: Failure): void {
    if (this.winner === attempt) return this.to.fail(failure);
    if (this.isOver) return undefined;
    this.running.delete(attempt);
    if (attempt.number === 1) this.firstFailure = failure;
    return this.failIfAllHave();
  }

  private startTogether(): void {
    while (this.launch()) continue;
    // Attempts that start together start all, however soon one fails.
    this.isStarting = false;
    this.failIfAllHave();
  }

  private failIfAllHave(): void {
    if (this.isStarting || this.isOver || this.running.size > 0 || this.firstFailure === undefined) return;
    this.close();
    this.to.fail(this.firstFailure);
  }

  private attempt(): void {
    this.launched += 1;
    const { scope, manner } = this.entry;
    const attempt = new HedgedAttempt(this, this.launched, new ModelScope(scope), manner);
    this.running.add(attempt);
    attempt.leave = this.parts.next({ ...this.entry, scope: attempt.scope }, attempt);
  }

  private launch(): boolean {
    const { budget, tell, maxHedgedAttempts } = this.parts;
    if (this.isOver || this.entry.scope.ended !== undefined || this.launched > maxHedgedAttempts)
      return false;
    if (budget !== undefined && !budget.tryTake()) {
      tell({ kind: 'budget.refused', policy: 'hedge', budget: 'default' });
      return false;
    }
    tell({ kind: 'hedge.launched', policy: 'hedge', attempt: this.launched + 1 });
    this.attempt();
    return true;
  }

  private wait(): void {
    if (this.isOver || this.launched > this.parts.maxHedgedAttempts) return;
    this.stopTimer = this.parts.time.after(this.parts.delayMs, () => {
      if (this.launch()) this.wait();
    });
  }

  private lose(loser: HedgedAttempt): void {
    loser.scope.end({ reason: aborted('loser'), origin: 'loser' });
    if (this.entry.manner === 'stream') loser.leave();
  }

  private leave(): void {
    this.close();
    for (const each of this.running) each.leave();
    this.running.clear();
    this.winner?.leave();
  }

  private close(): void {
    this.isOver = true;
    this.stopTimer();
    this.stopWatching();
  }
}

class HedgedAttempt implements Listener {
  leave = NOTHING;

  constructor(
    private readonly call: HedgedCall,
    readonly number: number,
    readonly scope: ModelScope,
    private readonly manner: Entry['manner'],
  ) {}

  value(text: string): void {
    if (this.call.wins(this)) this.call.value(text);
    // An iteration that opens when another has won is asked to end.
    else if (this.manner === 'iteration') this.leave();
  }

  end(): void {
    if (this.call.wins(this)) this.call.end();
  }

  fail(failure: Failure): void {
    this.call.failed(this, failure);
  }
}
