import { canonicalArguments, NotCanonicalError } from '../../core/canonical.js';
import type { Environment } from '../../core/environment.js';
import type { ResolvedLastGoodOptions } from './fallback.options.js';

/** A value that a method returned, and when. */
interface Kept {
  readonly value: unknown;
  readonly atMs: number;
}

/**
 * The last value of each kind of call, kept by reference. Its number of values is bounded; a value is never
 * found for a call that its key, or without one its arguments, tell apart.
 */
export class LastGood {
  // In order of use: the first one goes when there are too many.
  private readonly kept = new Map<string, Kept>();

  constructor(
    private readonly options: ResolvedLastGoodOptions,
    private readonly environment: Environment,
  ) {}

  /** Number of values that are kept now. */
  get size(): number {
    return this.kept.size;
  }

  /** Keeps the value in place of the one before; calls without a key are not remembered. */
  remember(args: readonly unknown[], value: unknown): void {
    const key = this.keyOf(args);
    if (key === undefined) return;
    this.kept.delete(key);
    this.kept.set(key, { value, atMs: this.environment.clock.nowMs() });
    if (this.kept.size > this.options.maxEntries) this.forgetLeastRecentlyUsed();
  }

  /** The value for such a call while it is at most `maxAge` old. */
  find(args: readonly unknown[]): { readonly value: unknown } | undefined {
    const key = this.keyOf(args);
    const kept = key === undefined ? undefined : this.kept.get(key);
    if (key === undefined || kept === undefined) return undefined;
    this.kept.delete(key);
    if (this.environment.clock.nowMs() - kept.atMs > this.options.maxAgeMs) return undefined;
    this.kept.set(key, kept);
    return kept;
  }

  private forgetLeastRecentlyUsed(): void {
    for (const key of this.kept.keys()) {
      this.kept.delete(key);
      return;
    }
  }

  private keyOf(args: readonly unknown[]): string | undefined {
    const { key } = this.options;
    try {
      const text = key === undefined ? canonicalArguments(args) : key(...args);
      if (typeof text === 'string') return text;
      throw new TypeError('lastGood.key must give a text');
    } catch (error) {
      // Arguments that cannot be compared are a fact of the method; a key that fails is a mistake to tell of.
      if (!(error instanceof NotCanonicalError)) this.environment.events.report('lastGood.key', error);
      return undefined;
    }
  }
}
