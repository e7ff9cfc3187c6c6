import { InvalidOptionsError } from '../../core/index.js';
import { checkRunningOverrides, type CompiledPolicies, type RunningOverrides } from '../../pipeline/index.js';
import { nearestOf } from '../explorer/nearest.js';
import type { MethodPlan } from '../method-plan.js';

/** A method as it was compiled from what is written. */
export interface WrittenMethod extends CompiledPolicies {
  readonly operation: string;
  readonly plan: MethodPlan;
}

/** What overriding needs of the application. */
export interface OverriddenApplication {
  /** Every method that was compiled so far, as it is written. */
  methods(): readonly WrittenMethod[];
  /** @throws {InvalidOptionsError} naming method, field, value and what would be right */
  remake(method: WrittenMethod, layers: readonly RunningOverrides[]): WrittenMethod;
  /** From now on calls of this method run under other policies. */
  changed(plan: MethodPlan): void;
}

/** What is said of methods while the application runs, one layer upon the other. */
export class LiveOverrides {
  private readonly layers = new Map<MethodPlan, readonly RunningOverrides[]>();
  private readonly methods = new Map<MethodPlan, WrittenMethod>();

  constructor(private readonly application: OverriddenApplication) {}

  /**
   * Lays options over those of a method, until what it answers is called. Calls that are under way keep theirs.
   *
   * @throws {InvalidOptionsError} for an unknown method, naming the nearest one, and for options that cannot be
   * meant; then nothing has changed
   */
  add(name: string, overrides: RunningOverrides): () => void {
    checkRunningOverrides(name, overrides);
    refuseIdle(name, overrides, this.methodsOf(name));
    const layer = { ...overrides };
    this.lay(name, (layers) => [...layers, layer]);
    return () => this.lay(name, (layers) => layers.filter((each) => each !== layer));
  }

  /**
   * All overridden methods as they would be if other things were written; what it answers puts them in place.
   *
   * @throws {InvalidOptionsError} naming method, field, value and what would be right; then nothing has changed
   */
  rebased(methods: readonly WrittenMethod[], remake: OverriddenApplication['remake']): () => void {
    const remade = methods.flatMap((method): readonly WrittenMethod[] => {
      const layers = this.layers.get(method.plan) ?? [];
      return layers.length === 0 ? [] : [remake(method, layers)];
    });
    return () => {
      for (const method of remade) this.methods.set(method.plan, method);
    };
  }

  /** The method as it is now; `undefined` where it is as written. */
  of(plan: MethodPlan): WrittenMethod | undefined {
    return this.methods.get(plan);
  }

  /** On the methods as they are written now; all are made before the first is put in place. */
  private lay(
    name: string,
    change: (layers: readonly RunningOverrides[]) => readonly RunningOverrides[],
  ): void {
    const changed = this.methodsOf(name).map((method) => {
      const layers = change(this.layers.get(method.plan) ?? []);
      return {
        method,
        layers,
        made: layers.length === 0 ? undefined : this.application.remake(method, layers),
      };
    });
    for (const { method, layers, made } of changed) {
      this.layers.set(method.plan, layers);
      if (made === undefined) this.methods.delete(method.plan);
      else this.methods.set(method.plan, made);
      this.application.changed(method.plan);
    }
  }

  private methodsOf(name: string): readonly WrittenMethod[] {
    const methods = this.application.methods();
    const found = methods.filter(({ plan, operation }) => plan.text === name || operation === name);
    if (found.length > 0) return found;
    const nearest = nearestOf(name, [...new Set(methods.map(({ plan }) => plan.text))]);
    const hint = nearest === undefined ? '' : ` (did you mean ${nearest}?)`;
    return refuse(name, 'method', `fits no decorated method of this application${hint}`);
  }
}

/** An override that has nothing to change would be silently without effect. */
function refuseIdle(name: string, overrides: RunningOverrides, methods: readonly WrittenMethod[]): void {
  for (const policy of Object.keys(overrides) as (keyof RunningOverrides)[]) {
    if (overrides[policy] === undefined) continue;
    const isThere = methods.some(({ plan }) => plan.policies[policy] !== undefined);
    if (!isThere) refuse(name, policy, 'has no such policy to change');
  }
}

function refuse(operation: string, field: string, expected: string): never {
  throw new InvalidOptionsError({ operation, policy: 'overrides', field, value: operation, expected });
}
