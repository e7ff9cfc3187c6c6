import type { Gate, Permit } from '../core/rule.js';
import type { Scope } from '../core/scope.js';

/** A permit on its way through a call: whatever ends the call, it goes back to its gate exactly once. */
export class HeldPermit {
  private isHeld = true;
  private first: { readonly value: unknown } | undefined;
  private readonly stopWatching: (() => void) | undefined;

  constructor(
    private readonly gate: Gate,
    private readonly permit: Permit,
    private readonly scope: Scope,
  ) {
    if (!gate.returnsOnCancel) return;
    this.stopWatching = scope.cancellation.onCancel((reason) => this.failed(reason));
  }

  /** A stream has delivered a value: from now on, who leaves it has had a success. */
  delivered(value: unknown): void {
    this.first ??= { value };
  }

  succeeded(value: unknown): void {
    if (this.letGo()) this.gate.succeeded(this.permit, value, this.scope);
  }

  /** A time limit of the call itself is the dependency's failure; the caller's own leaving is nobody's. */
  failed(error: unknown): void {
    if (!this.letGo()) return;
    const origin = this.scope.isCancelled ? this.scope.cancellation.origin : undefined;
    if (origin === 'caller' || origin === 'loser') this.giveBack();
    else this.gate.failed(this.permit, error, this.scope);
  }

  /** A stream has completed: with its first value, if there was one. */
  completed(): void {
    this.succeeded(this.first?.value);
  }

  /** The caller has left: before a value it counts for nothing, after one for a success. */
  left(): void {
    if (this.letGo()) this.giveBack();
  }

  cancelled(): void {
    if (this.letGo()) this.gate.cancelled(this.permit);
  }

  private giveBack(): void {
    if (this.first === undefined) this.gate.cancelled(this.permit);
    else this.gate.succeeded(this.permit, this.first.value, this.scope);
  }

  private letGo(): boolean {
    if (!this.isHeld) return false;
    this.isHeld = false;
    this.stopWatching?.();
    return true;
  }
}
