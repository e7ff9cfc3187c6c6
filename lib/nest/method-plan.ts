import type { MethodPolicyOptions } from '../pipeline/index.js';

/** A method of any class: its parameters are the user's business. */
export type AnyMethod = (...args: never[]) => unknown;

/** What a decorated method gives: it is kept as declared. */
export type MethodKind = 'promise' | 'observable' | 'iterable';

/** What class definitions have recorded about a method. */
export interface PlanParts {
  /** The class in whose body the decorator stands; for a static method the class itself. */
  readonly owner: object;
  readonly isStatic: boolean;
  readonly member: string | symbol;
  /** The function in whose place ours stands. */
  readonly inner: AnyMethod;
}

/** A member as messages and operations name it. */
export function memberText(member: string | symbol): string {
  return typeof member === 'symbol' ? `[${member.description ?? ''}]` : member;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Carries out the calls of one plan in one application. */
export interface PlanDispatcher {
  /** Whether nothing stands around the method, not even in the place of an argument. */
  readonly isBare?: boolean;
  /** Who carries out most calls in its place, once the kind of the method is known. */
  readonly shortcut?: Shortcut | undefined;
  call(self: unknown, args: readonly unknown[]): unknown;
}

/** Carries out the calls of one plan that need no more than a first attempt; asked before each of them. */
export interface Shortcut {
  readonly isOpen: boolean;
  call(self: unknown, args: readonly unknown[]): unknown;
}

/** The policies that decorators which follow each other ask for on one method. One per method, not per instance. */
export class MethodPlan {
  readonly owner: object;
  readonly isStatic: boolean;
  readonly member: string | symbol;
  readonly inner: AnyMethod;
  readonly policies: Mutable<MethodPolicyOptions> = {};
  /** What is wrong with the way the decorators stand; told when the options are checked. */
  readonly problems: ((operation: string) => Error)[] = [];
  /** The function that stands in the place of the method. */
  wrapper: AnyMethod;
  /** Where the last call belonged, and who carried it out: most methods are called in one application only. */
  lastHost: unknown;
  lastDispatcher: PlanDispatcher | undefined;
  /** What of the dispatcher most calls need, so that they do without it. */
  lastShortcut: Shortcut | undefined;
  isBare = false;
  /** Where Nest passes the request to a guarded handler, beside so many arguments of the method's own. */
  passedRequest: { readonly index: number; readonly others: number } | undefined;
  private knownKind: MethodKind | undefined;

  constructor(parts: PlanParts) {
    this.owner = parts.owner;
    this.isStatic = parts.isStatic;
    this.member = parts.member;
    this.inner = parts.inner;
    this.wrapper = parts.inner;
  }

  /** What the method gives, once it is known. */
  get kind(): MethodKind | undefined {
    return this.knownKind;
  }

  set kind(kind: MethodKind | undefined) {
    if (kind === this.knownKind) return;
    this.knownKind = kind;
    // Whether there is a shortcut depends on the kind, whoever finds it out or takes it back.
    this.forgetDispatcher();
  }

  /** Calls of instances of this host are carried out by this dispatcher from now on. */
  servedBy(host: unknown, dispatcher: PlanDispatcher): void {
    this.lastHost = host;
    this.lastDispatcher = dispatcher;
    // Where a request is passed, it has to be taken from the arguments first.
    if (this.passedRequest !== undefined) return;
    this.lastShortcut = dispatcher.shortcut;
    this.isBare = dispatcher.isBare === true;
  }

  /** The next call asks anew who carries it out. */
  forgetDispatcher(): void {
    this.lastHost = undefined;
    this.lastDispatcher = undefined;
    this.lastShortcut = undefined;
    this.isBare = false;
  }

  /** `Class.method`; a method that a symbol names reads `Class.[description]`. */
  get text(): string {
    return `${this.ownerClass.name || '(anonymous class)'}.${memberText(this.member)}`;
  }

  /** Which parameter receives the call context, if one does. */
  get contextIndex(): number | undefined {
    return contextParametersOf(this.owner).get(this.member);
  }

  /** The same for all plans of one method, however many foreign decorators stand between them. */
  get identity(): object {
    return plansOf(this.owner).find((each) => each.member === this.member) ?? this;
  }

  /** Whether no other plan of the same method stands around this one. */
  get isOutermost(): boolean {
    return plansOf(this.owner).findLast((each) => each.member === this.member) === this;
  }

  /** The class object, which tells two classes of one name apart. */
  get ownerClass(): { readonly name: string } {
    // A prototype's constructor is its class; a static method's owner is the class.
    return (this.isStatic ? this.owner : (this.owner as { constructor: unknown }).constructor) as {
      name: string;
    };
  }
}

/** What class definitions record: the only state of this room that is not an application's. */
const PLANS = new WeakMap<AnyMethod, MethodPlan>();
const PLANS_BY_OWNER = new WeakMap<object, MethodPlan[]>();
const ALL_PLANS: WeakRef<MethodPlan>[] = [];

/** The plan whose wrapper a function is. */
export function planOf(fn: unknown): MethodPlan | undefined {
  return typeof fn === 'function' ? PLANS.get(fn as AnyMethod) : undefined;
}

/** The plans of a prototype's, or for static methods a class's, own body. */
export function plansOf(owner: object): readonly MethodPlan[] {
  return PLANS_BY_OWNER.get(owner) ?? [];
}

/** Every plan of the process that still lives. */
export function allPlans(): readonly MethodPlan[] {
  return ALL_PLANS.map((each) => each.deref()).filter((plan) => plan !== undefined);
}

/** Keeps a new plan with the function that stands for it. */
export function recordPlan(plan: MethodPlan, wrapper: AnyMethod): void {
  plan.wrapper = wrapper;
  PLANS.set(wrapper, plan);
  PLANS_BY_OWNER.set(plan.owner, [...plansOf(plan.owner), plan]);
  ALL_PLANS.push(new WeakRef(plan));
}

const CONTEXT_PARAMETERS = new WeakMap<object, Map<string | symbol, number>>();

/** Records that a parameter receives the call context. */
export function recordContextParameter(owner: object, member: string | symbol, index: number): void {
  const known = CONTEXT_PARAMETERS.get(owner) ?? new Map<string | symbol, number>();
  known.set(member, index);
  CONTEXT_PARAMETERS.set(owner, known);
}

/** Which parameters of an owner's methods receive the call context. */
export function contextParametersOf(owner: object): ReadonlyMap<string | symbol, number> {
  return CONTEXT_PARAMETERS.get(owner) ?? new Map();
}
