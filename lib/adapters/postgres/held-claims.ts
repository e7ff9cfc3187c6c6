import type { Claim } from '../../policies/idempotency/index.js';

/** What identifies a claim. */
export interface ClaimName {
  readonly storedKey: string;
  readonly claim: Pick<Claim, 'ownerId' | 'fence'>;
}

type State = 'locked' | 'completed';

function nameOf({ storedKey, claim: { ownerId, fence } }: ClaimName): string {
  return `${storedKey} ${ownerId} ${fence}`;
}

/**
 * What transactions of this process did to claims: locked and not ended, or completed. Only claims whose method
 * has not returned are in here.
 */
export class HeldClaims {
  private readonly states = new Map<string, State>();

  /** A transaction is about to lock the claim's row; ends with what is returned. */
  lock(name: ClaimName): { release(): void } {
    const key = nameOf(name);
    this.states.set(key, 'locked');
    return {
      release: () => {
        if (this.states.get(key) === 'locked') this.states.delete(key);
      },
    };
  }

  isLocked(name: ClaimName): boolean {
    return this.states.get(nameOf(name)) === 'locked';
  }

  /** A transaction completed the claim; it may not have committed yet. */
  completed(name: ClaimName): void {
    if (!this.isLocked(name)) this.states.set(nameOf(name), 'completed');
  }

  /** The transaction that had locked it has committed. */
  committed(name: ClaimName): void {
    this.states.set(nameOf(name), 'completed');
  }

  /** Whether a renewal may come too late because the method's own transaction has completed the claim. */
  mayBeCompleted(name: ClaimName): boolean {
    return this.states.get(nameOf(name)) === 'completed';
  }

  /** Nobody renews the claim any more. */
  forget(name: ClaimName): void {
    this.states.delete(nameOf(name));
  }
}
