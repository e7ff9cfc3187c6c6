import type { Call } from './call.js';

/**
 * What a gate gave to a call that may pass; handed back to it with the outcome. A number where the gate needs
 * no memory of its own for the call, which spares the success path an allocation.
 */
export type Permit = number | GrantedPermit;

/** A permit that carries state of its gate. */
export abstract class GrantedPermit {
  readonly kind = 'granted';
}

/** The call may not pass, now or in time. */
export class Refusal {
  readonly kind = 'refused';

  /** What the caller gets. */
  constructor(readonly error: unknown) {}
}

/** The call may pass later: it stands in a queue of the gate. */
export abstract class Turn {
  readonly kind = 'wait';
  /**
   * Calls back once, when the turn has come (with the permit) or will not come (with the refusal). The gate
   * may call back synchronously.
   */
  abstract onTurn(callback: (admission: Permit | Refusal) => void): void;
  /** Leaves the queue; the callback is not called any more. Harmless after the turn has come. */
  abstract leave(): void;
}

/** A gate's answer to a call that wants to start. */
export type Admission = Permit | Refusal | Turn;

/**
 * A rule that lets calls through or not, and learns what became of those it let through. Every permit comes
 * back exactly once, by one of `succeeded`, `failed` and `cancelled`.
 */
export interface Gate {
  /** Never throws: what goes wrong in a user's callback is a refusal, or reported. */
  admit(call: Call): Admission;
  succeeded(permit: Permit, value: unknown, call: Call): void;
  failed(permit: Permit, error: unknown, call: Call): void;
  /** The call ended without an outcome that means anything to this gate. */
  cancelled(permit: Permit): void;
  /**
   * What the permit was given for did not begin after all, and this is still the same turn: as if it had never been
   * asked for. Gates to which that is no different from `cancelled` do without it.
   */
  withdrawn?(permit: Permit, call: Call): void;
  /**
   * Whether the permit comes back as soon as nobody waits for the call any more (a circuit breaker), or only
   * when the work has really ended (a bulkhead).
   */
  readonly returnsOnCancel: boolean;
  /** Whether a returned value may count as a failure, so that `succeeded` is not the only end of a value. */
  readonly judgesValues: boolean;
  /** Whether a returned value counts as a failure; gates to which none does do without it. */
  isFailure?(value: unknown): boolean;
}
