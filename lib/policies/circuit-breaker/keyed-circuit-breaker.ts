import type { Call } from '../../core/call.js';
import type { CircuitBreakerState } from '../../core/events.js';
import { GrantedPermit, type Permit, Refusal } from '../../core/rule.js';
import { CallCounts, type CircuitBreakerCounters } from './call-counts.js';
import type {
  CircuitBreakerGate,
  CircuitBreakerParts,
  CircuitBreakerSnapshot,
} from './circuit-breaker.gate.js';
import { CircuitBreakerRule } from './circuit-breaker.rule.js';
import { isFailureByValue } from './judgement.js';
import { snapshotOfKeys, stateOfKeys } from './keyed-snapshot.js';
import type { ResolvedCircuitBreakerOptions } from './resolved-options.js';
import { UNRECORDED } from './states/breaker-state.js';

type Hand = 'forced-open' | 'disabled';

/** A permit of one key's breaker. */
class KeyedPermit extends GrantedPermit {
  constructor(
    readonly key: string,
    readonly breaker: CircuitBreakerRule,
    readonly permit: Permit,
  ) {
    super();
  }
}

/**
 * One breaker per key: state, window and events are the key's own. Remembers at most `maxKeys`; above it the
 * least recently used one that is not open is forgotten first, and what was under way for it counts no more.
 */
export class KeyedCircuitBreaker implements CircuitBreakerGate {
  readonly name: string;
  /** Least recently used first. */
  private readonly breakers = new Map<string, CircuitBreakerRule>();
  private readonly counts = new CallCounts();
  private settings: ResolvedCircuitBreakerOptions;
  private hand: Hand | undefined;

  constructor(private readonly parts: CircuitBreakerParts) {
    this.name = parts.name;
    this.settings = parts.options;
  }

  /** The options it runs under now. */
  get options(): ResolvedCircuitBreakerOptions {
    return this.settings;
  }

  get returnsOnCancel(): true {
    return true;
  }

  get judgesValues(): boolean {
    return this.settings.recordResult !== undefined;
  }

  isFailure(value: unknown): boolean {
    return isFailureByValue(this, value) === true;
  }

  /** What a hand has set; else the worst of its keys. */
  get state(): CircuitBreakerState {
    return this.hand ?? stateOfKeys(this.breakers.values());
  }

  get counters(): CircuitBreakerCounters {
    return this.counts.copy();
  }

  /** All keys together; the times are of the key that probes first. */
  snapshot(): CircuitBreakerSnapshot {
    const { name, state } = this;
    return { ...snapshotOfKeys([...this.breakers.values()]), name, state, mode: this.settings.mode };
  }

  /** The breaker of one key, while it is remembered; asking is no use of it. */
  find(key: string): CircuitBreakerGate | undefined {
    return this.breakers.get(key);
  }

  /** A key function that throws, or answers no text, is reported, and the call runs unguarded. */
  admit(call: Call): Permit | Refusal {
    const key = this.keyOf(call);
    if (key === undefined) return UNRECORDED;
    const breaker = this.use(key);
    const admission = breaker.admit(call);
    return admission instanceof Refusal ? admission : new KeyedPermit(key, breaker, admission);
  }

  succeeded(permit: Permit, value: unknown, call: Call): void {
    if (this.isRemembered(permit)) permit.breaker.succeeded(permit.permit, value, call);
  }

  failed(permit: Permit, error: unknown, call: Call): void {
    if (this.isRemembered(permit)) permit.breaker.failed(permit.permit, error, call);
  }

  cancelled(permit: Permit): void {
    if (this.isRemembered(permit)) permit.breaker.cancelled(permit.permit);
  }

  /** Every key, those to come included, until `disable` or `reset`. */
  forceOpen(): void {
    this.setByHand('forced-open');
  }

  /** Every key, those to come included, until `forceOpen` or `reset`. */
  disable(): void {
    this.setByHand('disabled');
  }

  reset(): void {
    this.hand = undefined;
    for (const breaker of this.breakers.values()) breaker.reset();
  }

  reconfigure(options: ResolvedCircuitBreakerOptions): void {
    this.settings = options;
    for (const breaker of this.breakers.values()) breaker.reconfigure(options);
    while (this.breakers.size > options.maxKeys) this.forgetOne();
  }

  private keyOf(call: Call): string | undefined {
    try {
      const key: unknown = this.settings.key?.(...call.args);
      if (typeof key === 'string') return key;
      this.report('key', new TypeError(`key answered ${typeof key}, which is no text`));
    } catch (error) {
      this.report('key', error);
    }
    return undefined;
  }

  /** Tells of a callback of the options that threw. */
  report(what: string, error: unknown): void {
    this.parts.environment.events.report(`${what} of circuit breaker "${this.name}"`, error);
  }

  private use(key: string): CircuitBreakerRule {
    const known = this.breakers.get(key);
    if (known !== undefined) this.breakers.delete(key);
    else if (this.breakers.size >= this.settings.maxKeys) this.forgetOne();
    const breaker = known ?? this.make();
    this.breakers.set(key, breaker);
    return breaker;
  }

  private make(): CircuitBreakerRule {
    return new CircuitBreakerRule({
      ...this.parts,
      options: this.settings,
      counts: this.counts,
      begins: this.hand,
    });
  }

  private forgetOne(): void {
    const [leastRecent] = this.breakers.keys();
    let victim = leastRecent;
    for (const [key, breaker] of this.breakers) {
      if (isRefusing(breaker)) continue;
      victim = key;
      break;
    }
    if (victim === undefined) return;
    const forgotten = this.breakers.get(victim);
    this.breakers.delete(victim);
    // The key's next call meets a closed one, unless a hand has set all keys: who follows its state is told so.
    if (this.hand === undefined) forgotten?.reset();
  }

  private setByHand(hand: Hand): void {
    this.hand = hand;
    for (const breaker of this.breakers.values()) {
      if (hand === 'disabled') breaker.disable();
      else breaker.forceOpen();
    }
  }

  private isRemembered(permit: Permit): permit is KeyedPermit {
    return permit instanceof KeyedPermit && this.breakers.get(permit.key) === permit.breaker;
  }
}

/** Half-open and forced open as well: forgetting one would let everything through to what is still down. */
function isRefusing({ state }: CircuitBreakerRule): boolean {
  return state === 'open' || state === 'half-open' || state === 'forced-open';
}

/** One breaker for all calls, or one per key where the options have a `key`. */
export function createCircuitBreaker(parts: CircuitBreakerParts): CircuitBreakerGate {
  return parts.options.key === undefined ? new CircuitBreakerRule(parts) : new KeyedCircuitBreaker(parts);
}
