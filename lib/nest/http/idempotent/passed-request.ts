import 'reflect-metadata';
import { handlerKindOf, ROUTE_ARGUMENTS } from '../../guarded/handler-kind.js';
import { type AnyMethod, planOf } from '../../method-plan.js';

/** Nest's number for a parameter that is the request itself; no pipe sees such a one. */
const REQUEST = 0;
/**
 * Where the request stands, beyond what any handler declares: a method that overrides a handler inherits what Nest
 * fills, and may have parameters of its own that nobody is to fill.
 */
const PASSED_AT = 24;
const KEY = `${REQUEST}:${PASSED_AT}`;

/**
 * Has Nest pass the request to a handler as one argument more, which never reaches the method: so the handler knows
 * which request it answers without an interceptor, whose way through Nest costs more than the rest of a guard. Only
 * where Nest calls our function itself: others that stand in its place might drop an argument.
 */
export function passRequest(target: object, member: string | symbol, handler: AnyMethod): boolean {
  const plan = planOf(handler);
  const standing: unknown = Object.getOwnPropertyDescriptor(target, member)?.value;
  if (plan === undefined || standing !== handler || handlerKindOf(plan) !== 'http') return false;
  const entries: unknown = Reflect.getMetadata(ROUTE_ARGUMENTS, target.constructor, member) ?? {};
  if (typeof entries !== 'object' || entries === null) return false;
  // That of a parent, where this class has inherited it.
  const others = Object.entries(entries).filter(([name]) => name !== KEY);
  const lengths = others.map(([, { index }]: [string, { readonly index: number }]) => index + 1);
  const count = Math.max(0, ...lengths);
  if (count > PASSED_AT) return false;
  const passed = { index: PASSED_AT, data: undefined, pipes: [] };
  const together = { ...Object.fromEntries(others), [KEY]: passed };
  Reflect.defineMetadata(ROUTE_ARGUMENTS, together, target.constructor, member);
  plan.passedRequest = { index: PASSED_AT, others: count };
  return true;
}

/** Has Nest pass nothing beside to a method that is not guarded, whose parameters are those of one that is. */
export function withholdRequest(ownerClass: object, member: string | symbol): void {
  const entries: unknown = Reflect.getMetadata(ROUTE_ARGUMENTS, ownerClass, member);
  if (typeof entries !== 'object' || entries === null || !Object.hasOwn(entries, KEY)) return;
  const others = Object.entries(entries).filter(([name]) => name !== KEY);
  Reflect.defineMetadata(ROUTE_ARGUMENTS, Object.fromEntries(others), ownerClass, member);
}
