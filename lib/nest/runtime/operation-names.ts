import type { MethodPlan } from '../method-plan.js';

/**
 * The operation texts of one application: `Class.method`, and `Class.method#2` for a method of another class that
 * has the same name. Whoever is asked about first keeps the bare text.
 */
export class OperationNames {
  private readonly byClass = new Map<object, Map<string | symbol, string>>();
  private readonly taken = new Map<string, number>();

  of(plan: MethodPlan): string {
    const methods = this.byClass.get(plan.owner) ?? new Map<string | symbol, string>();
    this.byClass.set(plan.owner, methods);
    const known = methods.get(plan.member);
    if (known !== undefined) return known;
    const times = (this.taken.get(plan.text) ?? 0) + 1;
    this.taken.set(plan.text, times);
    const name = times === 1 ? plan.text : `${plan.text}#${times}`;
    methods.set(plan.member, name);
    return name;
  }

  /** How many methods of this application have the text. */
  count(text: string): number {
    return this.taken.get(text) ?? 0;
  }
}
