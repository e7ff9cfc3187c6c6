import type { MethodPlan } from '../method-plan.js';
import { type FilledParameter, filledParametersOf, type HandlerKind } from './handler-kind.js';

type Payload = (args: readonly unknown[]) => readonly unknown[];

// Numbers of Nest's parameter decorators. Body and payload are one of them on all transports.
const [BODY, QUERY, PARAM, RAW_BODY] = [3, 4, 5, 12];
const [RPC_CONTEXT, GRPC_CALL] = [6, 9];
const [SOCKET, ACK] = [0, 13];
const [GRAPHQL_CONTEXT, GRAPHQL_INFO] = [1, 2];

/** What of a request is its payload: headers differ with every send, and the rest is Nest's own. */
const HTTP_PAYLOAD: readonly number[] = [BODY, QUERY, PARAM, RAW_BODY];

/** What carries the call and not the payload. */
const CARRIERS: Readonly<Record<'rpc' | 'ws' | 'graphql', readonly number[]>> = {
  rpc: [RPC_CONTEXT, GRPC_CALL],
  ws: [SOCKET, ACK],
  graphql: [GRAPHQL_CONTEXT, GRAPHQL_INFO],
};

/** Which arguments are the payload where no parameter has a decorator. */
const BARE_PAYLOAD: Readonly<Record<'rpc' | 'ws' | 'graphql', readonly number[]>> = {
  rpc: [0],
  ws: [1],
  graphql: [0, 1],
};

/** Takes those arguments of a handler away that carry the call; `undefined` where all are payload. */
export function payloadOf(plan: MethodPlan, kind: HandlerKind | undefined): Payload | undefined {
  if (kind === undefined || kind === 'sse') return undefined;
  const filled = filledParametersOf(plan);
  if (filled !== undefined) {
    const carriers = new Set(filled.filter((each) => isCarrier(each, kind)).map(({ index }) => index));
    return (args) => args.map((each, index) => (carriers.has(index) ? undefined : each));
  }
  if (kind === 'http') return undefined;
  const kept = BARE_PAYLOAD[kind];
  return (args) => args.map((each, index) => (kept.includes(index) ? each : undefined));
}

function isCarrier({ type }: FilledParameter, kind: Exclude<HandlerKind, 'sse'>): boolean {
  // What a decorator of the application gives may be the payload.
  if (type === undefined) return false;
  return kind === 'http' ? !HTTP_PAYLOAD.includes(type) : CARRIERS[kind].includes(type);
}
