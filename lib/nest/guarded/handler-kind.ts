import 'reflect-metadata';
import type { AnyMethod, MethodPlan } from '../method-plan.js';

/** What Nest calls a method for; `undefined` where it is called by the application's own code only. */
export type HandlerKind = 'http' | 'sse' | 'rpc' | 'ws' | 'graphql';

// By the texts that Nest writes: importing the packages of all transports would make them peers.
const KIND_BY_METADATA: readonly (readonly [string, HandlerKind])[] = [
  ['__sse__', 'sse'],
  ['microservices:pattern', 'rpc'],
  ['websockets:message_mapping', 'ws'],
  ['graphql:resolver_type', 'graphql'],
  ['graphql:resolve_property', 'graphql'],
  ['method', 'http'],
];

/** What a method is called for, wherever the decorator that says so stands relative to ours. */
export function handlerKindOf(plan: MethodPlan): HandlerKind | undefined {
  const standing: unknown = Object.getOwnPropertyDescriptor(plan.owner, plan.member)?.value;
  const functions = [plan.wrapper, plan.inner, standing].filter(
    (each): each is AnyMethod => typeof each === 'function',
  );
  const found = KIND_BY_METADATA.find(([key]) => functions.some((each) => Reflect.hasMetadata(key, each)));
  return found?.[1];
}

/** Where Nest keeps which parameters of a handler it fills; the key is not among its exports. */
export const ROUTE_ARGUMENTS = '__routeArguments__';

/** A parameter that Nest fills. */
export interface FilledParameter {
  readonly index: number;
  /** A number of Nest's own; `undefined` for a parameter decorator of the application. */
  readonly type: number | undefined;
  readonly data: unknown;
}

/** The parameters that Nest fills by their decorators; `undefined` where none has one. */
export function filledParametersOf(plan: MethodPlan): readonly FilledParameter[] | undefined {
  const entries: unknown = Reflect.getMetadata(ROUTE_ARGUMENTS, plan.ownerClass, plan.member);
  if (typeof entries !== 'object' || entries === null) return undefined;
  const parameters = Object.entries(entries).map(([name, entry]: [string, unknown]) => {
    const [type] = name.split(':');
    const { index, data } = entry as { readonly index: number; readonly data?: unknown };
    return { index, type: type !== undefined && /^\d+$/.test(type) ? Number(type) : undefined, data };
  });
  // What is passed beside them never reaches the method.
  const own = parameters.filter(({ index }) => index !== plan.passedRequest?.index);
  return own.length > 0 ? own : undefined;
}
